"""What people write who help, or were helped: advice, thanks, workarounds, releases."""

import re

from indexer.wording import any_of, phrase

# The reporter takes it back.
RETRACTED = phrase(
    "my never nvm disregard ignore alarm error misre misund accidentally forgot sorry wrong "
    "제 실수 착각 搞错 我的 私の 勘違い",
    r"\bmy (?:bad|mistake|fault|error)\b|\bnever ?mind\b|\bnvm\b|\bdisregard\b|\bfalse alarm\b"
    r"|\b(?:please |just )ignore\b|\b(?:user|pilot) error\b|\bmis(?:remember|read|understood|took)"
    r"|\bi (?:\w+ )?(?:accidentally|forgot|was wrong|was confused|messed up|screwed up)\b"
    r"|\bsorry (?:for|about) (?:the|this) (?:noise|distraction|trouble|spam|confusion)\b",
    r"제 실수|착각|我的(?:错|问题)|搞错|私の(?:ミス|間違い|勘違い)",
)

ANSWERED_BY_AUTHOR = phrase(
    "thank thx ty! that it work gone since my never nvm figured error i solved sorry oops whoops "
    "disregard ignore false alarm 감사 고맙 "
    "해결 실수 谢 感 解 搞 我 謝 ありがと でき 私",
    r"\bthank(?:s| you)\b|\bthx\b|\bty!|\bthat (?:works?|worked|fixed|solved|helped"
    r"|did it|makes sense|answers|explains|was it)\b|\bit (?:works?|worked)\b"
    r"|\bworks (?:now|for me|great|perfectly)|^(?:\W{0,4}|it |that |this |yes,? ){0,2}works\b"
    r"(?! (?:as of|since|on|in|with)\b)"
    r"|\b(?:fixed|solved|did) it\b|\b(?:is|are|all) gone\b"
    r"|\bno (?:more )?(?:problems|issues) since",
    r"\bmy (?:bad|mistake|fault|error)\b|\bnever ?mind\b|\bnvm\b|\bfigured (?:it )?out\b"
    r"|\b(?:sorry (?:for|about) (?:the|this|that|wasting|taking|my)|false alarm"
    r"|disregard|ignore this|please ignore|oops|whoops)\b|\buser error\b|\bpilot error\b"
    r"|\bi (?:was|had|forgot|misread|misunderstood|missed|see now|got it|found (?:the|out|a))\b"
    r"|\bsolved\b",
    r"감사합니다|고맙습니다|해결(?:했|됐|되었)|제 실수|谢谢|感谢|解决了|搞定|我的(?:错|问题)|謝謝",
    r"ありがと|解決しました|できました|私の(?:ミス|間違い|勘違い)",
)

# Words by which someone tells another what to do.
ADVICE = phrase(
    "you try us set pass add run up install enabl disabl chang replac remov switch "
    "downgrad pin wrap call import writ defin put make ensure work instead solution "
    "the it's 하 해 됩 대신 추가 설정 변경 업그 사용 "
    "可 请 应 需 改 升 而 建 ください すれば でき 代 使 設 変 アップ 必要",
    r"\byou (?:can|could|should|need|must|may|might|have to|want|probably|just)\b",
    r"\b(?:try|use|using|set|pass|add|run|upgrade|update|install|enable|disable|change|replace"
    r"|remove|switch|downgrade|pin|wrap|call|import|write|define|put|make sure|ensure)\b [\w`\"'-]",
    r"\bwork-?arounds?\b|\binstead(?: of)?\b|\bsolution\b|\bthe (?:fix|answer|trick) is\b",
    r"\bthe (?:right|correct|proper|recommended) (?:way|approach)\b|\bit'?s because\b",
    r"하세요|하시면|해 ?보세요|됩니다|대신|추가하|설정하|변경하|업그레이드|사용하",
    r"可以|请(?:使用|尝试|升级|检查|参考)|应该|需要|改(?:成|为)|升级|而不是|建议",
    r"してください|すれば|できます|代わりに|使って|設定し|変更し|アップグレード|必要があります",
)

# The same, said to somebody: enough to call an issue answered by it.
ADDRESSED = phrase(
    "you your instead 세요 시면 됩니다 请 可以 建议 ください すれば",
    r"\byou(?:'ll)? (?:can|could|should|need|must|have to|want to|probably want|just need|forgot"
    r"|are missing|are using|may want|might want|would need)\b",
    r"^(?:please )?(?:use|try|set|add|run|pass|upgrade|install|replace) \S.{0,80}\binstead\b",
    r"하세요|하시면|보세요|주세요|시면 됩니다|으면 됩니다",
    r"请(?:使用|尝试|升级|检查|参考)|你?可以|建议",
    r"してください|すれば(?:いい|よい|良い)|できます",
)

# It gets around the problem, which stays.
STOPGAP = phrase(
    "work mean for temporar stop 임시 우회 우선 临 绕 变 暂 回避 一時 とりあえず",
    r"\bwork(?:ed|ing|s)?[- ]?arounds?\b|\bin the mean ?(?:time|while)\b|\bfor now\b|\btemporar",
    r"\bas a (?:stop-?gap|temporary)",
    r"임시|우회|우선은|临时|绕过|变通|暂时|回避策|一時的|とりあえず",
)

WORKAROUND = phrase(
    " ".join((*STOPGAP.hints, "helped solved")),
    STOPGAP.pattern.pattern,
    r"\bhelped(?: me)?\b|\bsolved it (?:for me )?by\b",
)

# How things stand now: it tells that something helped, and not what.
STATUS = phrase(
    "no any now repro see today master main trunk head nightly latest stable beta current "
    "더 이제 재현 不再 现在 目前 现 再現 もう",
    r"\bno longer\b|\b(?:not|n[o'’]t) (?:\w+ ){0,4}any ?more\b|\bnot reproducible\b"
    r"|\b(?:can(?:not|[o'’]?t| not)|unable to|not able to|(?:could|does|do) ?n[o'’]t)"
    r" (?:\w+ )?(?:repro(?:duce|s)?|see (?:it|this|that))\b"
    r"|\b(?:works?|compiles?|builds?|runs?|passes|succeeds|fixed|resolved|gone|fine|okay|ok)"
    r" (?:\w+ ){0,3}(?:now|today|(?:on|in|with|against) (?:\S+ ){0,3}"
    r"(?:master|main|trunk|head|nightly|latest|stable|beta|current))\b"
    r"|\b(?:now|(?:seems?|appears?) to) (?:\w+ )?"
    r"(?:works?|compiles?|builds?|runs?|passes|fixed|fine|ok)\b",
    r"더 ?이상.{0,30}(?:않|없)|이제.{0,20}(?:됩니다|잘 돼|정상|동작)"
    r"|재현(?:되지|이 안|이 되지|할 수 없)",
    r"不再|(?:现在|目前)(?:正常|没有问题|可以了)|(?:无法|不能)(?:再)?(?:重现|复现)",
    r"再現(?:しなく|しません|できません)|もう(?:発生|起き)",
)

# What it depends on: "if you raise the limit" tells what helps.
CONDITION = any_of(
    r"\b(?:if|once|when|after|by|because|since|unless|as long as)\b",
    r"하면|(?:으|하)니|때문|하고 나|如果|之后|以后|因为|(?:すれ|たら|れ)ば|したら|ので",
)

_VERSION = r"(?P<tag{0}>v?\d{{1,4}}\.\d{{1,5}}(?:\.\d{{1,6}}){{0,2}})"

# `fixed in 1.2`, `upgrade to v1.2.3`, `released as 2.0`; the number is the version.
RELEASED_IN = phrase(
    "0 1 2 3 4 5 6 7 8 9",
    r"\b(?:fix(?:ed)?|resolved|released|available|shipped|included|landed|out|solved|corrected"
    r"|upgrad(?:e|ing) to|updat(?:e|ing) to|bump(?:ed)? to|works (?:again )?(?:in|with)|part of)"
    r"(?: (?:in|with|as|since|as of|by|from|on|is|the|version|release|v|latest|tag|now|of|at)){0,5}"
    r"[ :`*\"(]{1,4}(?P<tag1>v?\d{1,4}\.\d{1,5}(?:\.\d{1,6}){0,2}(?:-?(?:alpha|beta|rc|pre)"
    r"[.-]?\d{0,4})?)\b(?!\.\d)",
    _VERSION.format(2) + r"(?:에서|에|으로|로|부터)?"
    r" ?(?:버전|릴리스|릴리즈|에서|부터|로|으로)?[^.\n]{0,10}"
    r"(?:수정|해결|고쳐|올리|업그레이드|업데이트)",
    _VERSION.format(3) + r" ?(?:版本?)?(?:中|已|里)?[^.\n]{0,4}(?:修复|解决|修正)",
    r"(?:升级到|更新到|アップグレード|更新) ?" + _VERSION.format(4),
    _VERSION.format(5) + r" ?(?:で|に)[^.\n]{0,6}(?:修正|解決|対応)",
)

# A version that is named beside these words is one that has the fault.
BROKE = any_of(
    r"\b(?:broken|broke|breaks|regress\w*|began|begins|started|stopped|fails|worked)\b"
    r"|\b(?:since|after|when) (?:\w+ ){0,3}(?:upgrad|updat|mov|switch)\w*",
    r"(?:업데이트|업그레이드)(?:한)? (?:후|이후|뒤)",
    r"升级(?:到[^。\n]{0,12})?(?:后|之后)|アップグレード(?:後|したら)",
)


def version_in(match: re.Match[str]) -> str | None:
    """The version that a release phrase names."""
    return next((value for value in match.groupdict().values() if value), None)
