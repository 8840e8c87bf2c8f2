"""What people write when an issue ends, in the languages our users write most."""

import re

from indexer.wording import phrase

# `#5` is an issue of this repository, `owner/name#5` may be another's; so may an address.
_REF = (
    r"(?:(?<![\w/])#(?P<n{0}>\d{{1,9}})(?![A-Za-z0-9_])"
    r"|\(?https?://[^\s/]{{1,80}}/[\w.-]{{1,80}}/(?P<r{0}>[\w.-]{{1,80}})/issues/(?P<u{0}>\d{{1,9}})(?!\d))"
)

REFERENCE = phrase("# /issues/", _REF.format(1))

DUPLICATE = phrase(
    "# /issues/",
    r"\b(?:dup(?:e|licate|licates|licated|licating|ed|s)?)\b"
    r"(?: (?:of|for|with|to))?:?,? {0,2}(?:(?:issue|bug|the|report|ticket) ){0,2}" + _REF.format(1),
    r"\b(?:superse(?:d|ded)|subsumed|covered|tracked|handled|reported|discussed|fixed as part)"
    r"(?: (?:already|elsewhere|better|also)){0,2} (?:by|in|at|under|with)"
    r" (?:(?:issue|bug|the) ){0,2}" + _REF.format(2),
    r"\b(?:in favou?r of|consolidat\w{1,4} (?:in|into|with)|merg(?:ed|ing) (?:this )?into"
    r"|same (?:issue|bug|problem|thing|root cause|cause) as|same as|already have|already is)"
    r" (?:(?:issue|bug|the|an|existing|newer|older|other) ){0,3}" + _REF.format(3),
    _REF.format(4) + r"(?:의|와|과|에|번)?[^.#\n]{0,12}중복",
    r"중복[^.#\n]{0,12}" + _REF.format(5),
    r"(?:与|和|同|跟) ?" + _REF.format(6) + r" ?(?:重复|重複|相同|一样|是同一个)",
    r"(?:重复|重複|汇总到|合并到|转到)(?: ?of)?[^.#\n]{0,8}" + _REF.format(7),
    _REF.format(8) + r" ?(?:と|の)(?:重複|同じ)",
)

# Weaker words for the same, good only in the words that closed the issue.
DUPLICATE_WHEN_CLOSING = phrase(
    "# /issues/",
    r"\bclos(?:e|ed|ing)\b(?! (?:by|via|with|in|since|as fixed))[^.#\n]{0,100}" + _REF.format(1),
    r"^(?:see|this is|->|→|cf\.?)? ?(?:issue |also )?" + _REF.format(2) + r"[ .!]*$",
    r"\b(?:subset|part|instance|case|symptom|sub-?bug|result|continuation|variant|version|form)"
    r" of (?:issue |bug )?" + _REF.format(3),
    r"\b(?:absorbed|folded|rolled|moved|refiled|reported|filed|opened|covered|now) "
    r"(?:\w+ ){0,3}?(?:into|in|as|to|by|at|issue|bug) (?:issue |bug )?" + _REF.format(4),
    r"\breplaced (?:by|with) (?:issue |bug )?" + _REF.format(6),
    _REF.format(7)
    + r" (?:seems to |already |now |also )?(?:subsumes?|supersedes?|covers?|replaces?)\b",
    r"\b(?:looks|seems|appears) (?:exactly |a lot |just )?(?:like|identical to|the same as)"
    r" (?:issue |bug )?" + _REF.format(5),
)

# That it is one, without naming the other.
A_DUPLICATE = phrase(
    "dup already in 중복 重复 重複",
    r"\b(?:a|the|as|indeed|closing|is|definitely) (?:\w+ )?(?:dup|dupe|duplicate)\b(?! \w)"
    r"|^(?:dup|dupe|duplicate)\b[ .!]*$|\balready (?:reported|filed|tracked)\b"
    r"|\bin favou?r of (?:that|this|the other)(?: one| issue| bug| ticket)?[ .,!]*$",
    r"중복(?:입니다|이슈|된 이슈)|^(?:重复|重複)",
)

# A change mended it: said as often years later as in closing.
FIXED = phrase(
    "fix resolv solved addressed closed implemented corrected repaired done work land "
    "merged finished now stabilized shipped released went pushed deployed completed available "
    "included removed added /pull/ # 수정 해결 반영 처리 배포 고쳐 고쳤 已 修 解 直 対応 改善",
    r"\b(?:fix(?:ed)?|resolved|solved|addressed|closed|implemented|corrected|repaired)"
    r"(?: (?:now|already|since|and closed))?"
    r" (?:by|in|via|with|on|as of|as part of|since|for|at|from|through|upstream)\b",
    r"\b(?:is|was|are|were|been|got|gets|be|now|already|since|seems?|appears?|looks|believe|think)"
    r" (?:now |all |also |already |finally |completely |long |to be |to have been ){0,2}"
    r"(?:fixed|resolved|solved|addressed|implemented|done|repaired"
    r"|working(?! as| like| on| with| for| to)|works(?! as))\b",
    r"^(?:this (?:is |was )?|all |it'?s |and |now |also |should be ){0,2}"
    r"(?:fixed|resolved|solved|implemented|done|landed|merged|finished)\b",
    r"(?:#\d{1,9}|/pull/\d{1,9}) (?:has |have |was |is |just |got |been |now |finally ){0,3}"
    r"(?:landed|merged|in\b|done|shipped|fixed|addressed|resolved|solved|took care)",
    r"\b(?:fix|patch|change|pr|pull request|it|this|support) (?:has |have |was |is |just )?"
    r"(?:now |been ){0,2}(?:landed|merged|shipped|released|pushed|deployed|went in)\b",
    r"\b(?:landed|merged|shipped|released|went|stabilized) (?:in|into|as|with|on)\b",
    r"\b(?:done|finished|completed|pushed|available|included|removed|added) (?:in|as of|with|by)"
    r" (?:[a-f0-9]{7,40}\b|#\d|v?\d+\.|https?:|master|main|commit|pr\b)",
    r"\bthank(?:s| you)\b[^.\n]{0,30} for (?:the |your |this )?(?:\w+ )?(?:fix|fixing|patch)\b",
    r"(?:수정|해결|반영|처리|배포|고쳐|고쳤)(?:되었|됐|했|하였|됨|함|완료|졌|습니다)",
    r"已(?:经)?(?:修复|解决|修正|发布|合并|修復|解決)|(?:修复|修復|解决|解決)了",
    r"(?:修正|解決|対応|改善)(?:しました|されました|済み|した|されて)|直りました|直しました",
)

# The same without doubt: believed of every comment near the end.
FIXED_OUTRIGHT = phrase(
    "fixed resolved solved closed addressed implemented /pull/ # 수정 해결 修 解 直",
    r"\b(?:fixed|resolved|solved|closed|addressed|implemented) (?:now )?(?:by|in|via|with|as of"
    r"|since) (?:[^\s]{1,20} ){0,2}(?:#\d|v?\d|[0-9a-f]{7,40}\b|https?://"
    r"|(?:commit|pr|master|main|nightly)\b)",
    r"\b(?:is|was|been|should be|already|now) (?:now |also |already |all ){0,2}"
    r"(?:fixed|resolved|solved)\b",
    r"(?:#\d{1,9}|/pull/\d{1,9}) (?:has |have |was |is |been |now ){0,3}(?:landed|merged)\b",
    r"(?:수정|해결)(?:되었|됐|했|하였)",
    r"已(?:经)?(?:修复|解决|修復|解決)|(?:修正|解決)(?:しました|されました)",
)

# Nobody knows why, but it is as it should be: believed of the words that an issue ends with.
WORKS_NOW = phrase(
    "work compil build pass run ran now no not n't n’t gone disappeared vanished "
    "없어졌 사라졌 이제 正常 不再 消え 動作",
    r"\b(?:works?|working|compil(?:es?|ing)|builds?|passes|runs?|ran) (?:\w+ ){0,3}?(?:now|again"
    r"|these days|nowadays|today|as of|since|(?:in|on|with|under|using) (?:the )?(?:current|latest"
    r"|newer|newest|recent|nightly|beta|stable|head|master|main|trunk|\w{1,20}[- ]v?\d|v?\d))",
    r"\b(?:this|it|that|everything|all|which) (?:\w+ )?(?:works|compiles|builds|passes|runs)"
    r" (?:fine|correctly|properly|great|well|ok|okay)\b",
    r"\bnow (?:works?|compiles?|passes|builds|gives|produces|reports|prints|possible|supported)\b",
    r"(?:\bnot|n't|n’t) (?:\w+ ){0,4}?(?:an? )?(?:issue|problem|bug|concern|error) "
    r"(?:any ?more|any longer|now\b|(?:on|in) (?:master|main|trunk|head|nightly|the latest))",
    r"\bno (?:more )?(?:\w+ )?\w+ (?:any ?more|any longer|now\b|these days|as of)\b",
    r"(?:\bnot|n't|n’t) (?:(?!relevant|needed|exist|valid|appl|use|support|make|maint)\w+ ){0,5}?"
    r"(?:any ?more|any longer)\b",
    r"\b(?:bug|crash|error|problem|issue|failure|leak|warning)s? (?:is|are|has|have) "
    r"(?:now |been |all ){0,2}(?:gone|disappeared|vanished)\b",
    r"\bno longer (?!exists|works|applies|makes|needs|supports|has|does|uses|is|relies|matters)"
    r"(?:[a-z]+s|seeing|see|reproduc\w+|happen|occur|crash|fail|broken|there|present|true"
    r"|an? (?:\w+ )?(?:issue|problem|bug|concern|error)|the case)\b",
    r"(?:\bnot|\bcannot|n't|n’t) (?:seem to )?(?:reproduc\w{0,5}|happen|occur|crash|fail|see this)"
    r"\b[^.\n]{0,40}(?:any ?more|any longer|now\b|on (?:master|main|nightly)|latest)",
    r"(?:없어졌|사라졌)습니다|이제 (?:잘 |정상)|(?:现在|已)(?:经)?正常|不再(?:出现|发生)",
    r"(?:再現|発生)しなくな|消えました|動作するようにな",
)

DECLINED = phrase(
    "won fix not n't n’t correct invalid design intend documented expected deliberate intentional "
    "scope plan clos mark decid vot agreed declin reject don mov migrat transfer rfc "
    "proposal discourse discussion forum upstream unsupported issue 의도 설계 버그 지원 수정 반영 "
    "계획 不 设计 预期 暂 無 仕様 バグ 対応",
    r"\bwon'?t[- ]?fix\b|\bwill not (?:be )?fix|\bwontfix\b"
    r"|\bwon'?t (?:be )?(?:fix|implement|do|add|support|change|happen)",
    r"(?:\bnot|n't|n’t) (?:actually |really |think this is |think it'?s ){0,2}(?:a |an )?(?:\w+ )?"
    r"(?:bug|defect|issue (?:with|in|here))\b(?! any ?more| any longer| now)",
    r"\b(?:by|per) design\b|\b(?:as|working as|works as) (?:designed|intended|documented)\b",
    r"\b(?:expected|correct|intended|documented) behaviou?r\b|\bas expected\b"
    r"|\bintend(?:ed|ed behaviou?r)\b|\bintentional(?:ly)?\b|\bdeliberate\b",
    r"\bout of scope\b|\bnot in scope\b|\boutside (?:the )?scope\b",
    r"\bnot (?:going to|planning|planned|plan to|want to|something we)\b|\bno plans? (?:to|for)\b",
    r"\b(?:closing|closed|marking|is|this) (?:this )?(?:as )?(?:invalid|rejected|declined|non-issue"
    r"|not ?a ?bug|not planned|unsupported)\b|^invalid\b",
    r"\b(?:decided|voted|agreed) (?:not|against)\b|\bdeclin(?:e|ed|ing)\b|\breject(?:ed|ing)\b",
    r"\bwe (?:don'?t|do not) (?:want|intend|support|plan|need)\b|\bnot (?:feasible|actionable)\b",
    r"\b(?:mov(?:ed|ing)|migrat(?:ed|ing)|transferr?(?:ed|ing)) (?:this )?"
    r"(?:to|over to|into) (?:the )?[\w.-]+(?:/[\w.-]+|\s(?:repo|tracker|forum))",
    r"\b(?:needs?|requires?|should (?:go|be)|through|open|file) (?:\w+ ){0,4}"
    r"(?:an? )?(?:rfc|proposal|discourse|discussion|forum)\b",
    r"\bnot (?:our|rust's|the project'?s) (?:bug|problem|issue|fault)\b|\bupstream (?:bug|issue)\b",
    r"의도된|설계상|버그가? 아(?:니|닙)|지원하지 않|수정하지 않|반영하지 않|계획이? 없",
    r"不是(?:一个)?(?:bug|问题|缺陷)|设计如此|预期行为|不会修复|不予|暂不(?:支持|考虑)|無意",
    r"仕様(?:です|どおり|通り)|バグでは(?:ない|ありません)|対応(?:しません|予定はありません)",
)

STALE = phrase(
    "inactiv stale no due because given haven have didn never without reproduc info "
    "outdated obsolete date moot bitrot irrelevant not n't n’t doesn does 답변 응답 활동 "
    "재현 오래 长 周 月 天 无 没有 已 返 反応 応答 再現",
    r"\binactiv(?:e|ity)\b|\bstale\b|\bno (?:recent )?(?:response|activity|reply|repl(?:y|ies)"
    r"|feedback|answer|follow[- ]?up|further (?:information|info|response|comment))\b",
    r"\b(?:due to|because of|for|given) (?:the )?(?:age|lack of|its age|old age|inactivity)\b",
    r"\b(?:haven'?t|have not|didn'?t|never) (?:heard|hear|got|receive|seen) (?:back|any|a reply)\b",
    r"\bwithout (?:more|further|additional|any) (?:info|information|details|detail|context|input)",
    r"\b(?:can(?:not|'?t| not)|could(?:n'?t| not)|unable to|not able to|hard to)"
    r" (?:\w+ )?reproduc",
    r"n't (?:think|seem|believe) (?:\w+ ){0,4}reproduc",
    r"\b(?:not|isn'?t|un)[- ]?reproducible\b|\b(?:needs?|need) more info",
    r"\b(?:outdated|obsolete|out of date|moot|bitrotted|irrelevant|no longer (?:relevant|applies"
    r"|applicable|needed|necessary|valid|useful|makes sense|exists|used|meaningful))\b",
    r"(?:\bnot|n't|n’t) (?:\w+ ){0,5}?(?:relevant|applicable|meaningful)\b",
    r"\b(?:doesn'?t|does not) (?:apply|exist|make sense)(?: any ?more| any longer| now)?",
    r"답변이? 없|응답이? 없|활동이? 없|재현(?:이|되지|할 수) ?(?:안|않|없)|오래된",
    r"长时间(?:没有|未)|(?:长期|周|月|天)[^。\n]{0,6}没有(?:反馈|讨论|回复|更新)|无(?:回复|响应|人回复)|没有(?:回复|响应)|无法(?:复现|重现)|已过时",
    r"(?:返信|返答|反応|応答)が?(?:ない|なし|ありません)|再現(?:できません|しません|できない)",
)


def number_of(match: re.Match[str], repo: str | None = None) -> int | None:
    """The issue number that a duplicate phrase names; None if it is another repository's.

    Repositories change their owner and keep their name, so only the name is compared.
    """
    found = {key: value for key, value in match.groupdict().items() if value}
    named = next((value for key, value in found.items() if key[0] == "r"), None)
    if named and repo and named.lower() != repo.lower().rpartition("/")[2]:
        return None
    number = next((value for key, value in found.items() if key[0] in "nu"), "0")
    return int(number) or None
