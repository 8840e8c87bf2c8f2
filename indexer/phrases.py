"""What people write when an issue ends, in the languages our users write most.

Each pattern finds the phrase within one sentence; whether the sentence denies or doubts it is
asked separately, because "not a duplicate of #5" holds "duplicate of #5".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern, and pieces of which each match has at least one: most sentences have none."""

    pattern: re.Pattern[str]
    hints: tuple[str, ...]

    def found_in(self, sentence: Sentence) -> Iterator[re.Match[str]]:
        """Where the sentence has the phrase."""
        lower = sentence.lower
        if any(hint in lower for hint in self.hints):
            yield from self.pattern.finditer(sentence.text)


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


def _phrase(hints: str, *parts: str) -> Phrase:
    return Phrase(_any(*parts), tuple(hints.split()))


# `#5` is an issue of this repository, `owner/name#5` may be another's; so may an address.
_REF = (
    r"(?:(?<![\w/])#(?P<n{0}>\d{{1,9}})(?![A-Za-z0-9_])"
    r"|\(?https?://[^\s/]{{1,80}}/[\w.-]{{1,80}}/(?P<r{0}>[\w.-]{{1,80}})/issues/(?P<u{0}>\d{{1,9}})(?!\d))"
)

DUPLICATE = _phrase(
    "# /issues/",
    r"\b(?:dup(?:e|licate|licates|licated|licating|ed|s)?)\b"
    r"(?: (?:of|for|with|to))?:?,? {0,2}(?:(?:issue|bug|the|report|ticket) ){0,2}" + _REF.format(1),
    r"\b(?:superse(?:d|ded)|subsumed|covered|tracked|handled|reported|discussed|fixed as part)"
    r"(?: (?:already|elsewhere|better|also)){0,2} (?:by|in|at|under|with)"
    r" (?:(?:issue|bug|the) ){0,2}" + _REF.format(2),
    r"\b(?:in favou?r of|consolidat\w{1,4} (?:in|into|with)|merg(?:ed|ing) (?:this )?(?:in|into)"
    r"|same (?:issue|bug|problem|thing|root cause|cause) as|same as|already have|already is)"
    r" (?:(?:issue|bug|the) ){0,2}" + _REF.format(3),
    _REF.format(4) + r"(?:의|와|과|에|번)?[^.#\n]{0,12}중복",
    r"중복[^.#\n]{0,12}" + _REF.format(5),
    r"(?:与|和|同|跟) ?" + _REF.format(6) + r" ?(?:重复|重複|相同|一样|是同一个)",
    r"(?:重复|重複)(?: ?of)?[^.#\n]{0,8}" + _REF.format(7),
    _REF.format(8) + r" ?(?:と|の)(?:重複|同じ)",
)

# Weaker words for the same, good only in the words that closed the issue.
DUPLICATE_WHEN_CLOSING = _phrase(
    "# /issues/",
    r"\bclos(?:e|ed|ing)\b[^.#\n]{0,60}" + _REF.format(1),
    r"^(?:see|this is|->|→|cf\.?)? ?(?:issue |also )?" + _REF.format(2) + r"[ .!]*$",
)

FIXED = _phrase(
    "fix resolv solved addressed closed implemented corrected repaired done work land "
    "merged finished compile build pass now longer reproduc happen occur crash fail "
    "see shipped released went pushed deployed completed available included removed "
    "added 수정 해결 반영 처리 배포 고쳐 고쳤 已 修 解 直 対応 改善",
    r"\b(?:fix(?:ed)?|resolved|solved|addressed|closed|implemented|corrected|repaired)"
    r"(?: (?:now|already|since|and closed))?"
    r" (?:by|in|via|with|on|as of|since|for|at|from|through|upstream)\b",
    r"\b(?:is|was|are|were|been|got|gets|be|now|already|since|seems?|appears?|looks|believe|think)"
    r" (?:now |all |also |already |finally |completely |long |to be |to have been ){0,2}"
    r"(?:fixed|resolved|solved|addressed|implemented|done|repaired"
    r"|working(?! as| like that)|works(?! as))\b",
    r"^(?:this (?:is |was )?|all |it'?s |and |now |also |should be ){0,2}"
    r"(?:fixed|resolved|solved|implemented|done|landed|merged|finished)\b",
    r"\b(?:works?(?: fine| correctly| great| well| as expected)?|compiles|builds|passes)"
    r" (?:for me )?(?:now|again|these days|on (?:master|main|nightly|trunk|head)"
    r"|in (?:master|main|trunk|head|the latest))\b",
    r"\bnow (?:works?|compiles?|passes|builds|gives|produces|reports|prints|possible|supported)\b",
    r"\bno longer (?:reproduc|happen|occur|an? (?:issue|problem)|crash|ice|fail|broken|panic|there"
    r"|seeing|see |an error|exist|present|the case)",
    r"\b(?:does(?: not|n'?t)|do(?: not|n'?t)|did(?: not|n'?t)|can(?: ?not|'?t)|not)"
    r" (?:seem to )?(?:reproduc\w{0,5}|happen|occur|crash|fail|see this)\b[^.\n]{0,40}"
    r"(?:any ?more|any longer|now\b|on (?:master|main|nightly)|latest)",
    r"\b(?:fix|patch|change|pr|pull request|it|this|support) (?:has |have |was |is |just )?"
    r"(?:now |been ){0,2}(?:landed|merged|shipped|released|pushed|deployed|went in)\b",
    r"\b(?:landed|merged|shipped|released|went) (?:in|into|as|with|on)\b",
    r"\b(?:done|finished|completed|pushed|available|included|removed|added) (?:in|as of|with|by)"
    r" (?:[a-f0-9]{7,40}\b|#\d|v?\d+\.|https?:|master|main|commit|pr\b)",
    r"(?:수정|해결|반영|처리|배포|고쳐|고쳤)(?:되었|됐|했|하였|됨|함|완료|졌|습니다)",
    r"已(?:经)?(?:修复|解决|修正|发布|合并|修復|解決)|(?:修复|修復|解决|解決)了",
    r"(?:修正|解決|対応|改善)(?:しました|されました|済み|した|されて)|直りました|直しました",
)

DECLINED = _phrase(
    "won fix not invalid design intend documented expected deliberate intentional "
    "scope plan clos mark decid vot agreed declin reject don mov migrat transfer rfc "
    "proposal discourse discussion forum upstream unsupported issue 의도 설계 버그 지원 수정 반영 "
    "계획 不 设计 预期 暂 無 仕様 バグ 対応",
    r"\bwon'?t[- ]?fix\b|\bwill not (?:be )?fix|\bwontfix\b"
    r"|\bwon'?t (?:be )?(?:fix|implement|do|add|support|change|happen)",
    r"\bnot (?:actually |really )?(?:a |an )?(?:\w+ )?(?:bug|defect|issue (?:with|in|here))\b",
    r"\b(?:by|per) design\b|\b(?:as|working as|works as) (?:designed|intended|documented)\b",
    r"\bexpected behaviou?r\b|\bintend(?:ed|ed behaviou?r)\b|\bintentional(?:ly)?\b|\bdeliberate\b",
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

STALE = _phrase(
    "inactiv stale no due because given haven have didn never without reproduc info "
    "outdated obsolete date moot bitrot irrelevant not doesn does 답변 응답 활동 재현 오래 长 无 "
    "没有 已 返 反応 応答 再現",
    r"\binactiv(?:e|ity)\b|\bstale\b|\bno (?:recent )?(?:response|activity|reply|repl(?:y|ies)"
    r"|feedback|answer|follow[- ]?up|further (?:information|info|response|comment))\b",
    r"\b(?:due to|because of|for|given) (?:the )?(?:age|lack of|its age|old age|inactivity)\b",
    r"\b(?:haven'?t|have not|didn'?t|never) (?:heard|hear|got|receive|seen) (?:back|any|a reply)\b",
    r"\bwithout (?:more|further|additional|any) (?:info|information|details|detail|context|input)",
    r"\b(?:can(?:not|'?t| not)|could(?:n'?t| not)|unable to|not able to|hard to) reproduc",
    r"\b(?:not|isn'?t|un)[- ]?reproducible\b|\b(?:needs?|need) more info",
    r"\b(?:outdated|obsolete|out of date|moot|bitrotted|irrelevant|no longer (?:relevant|applies"
    r"|applicable|needed|necessary|valid|useful|makes sense|exists|used|meaningful))\b",
    r"\bnot (?:really )?(?:relevant|applicable|useful|meaningful)(?: any ?more| any longer| now)?",
    r"\b(?:doesn'?t|does not) (?:apply|exist|make sense)(?: any ?more| any longer| now)?",
    r"답변이? 없|응답이? 없|활동이? 없|재현(?:이|되지|할 수) ?(?:안|않|없)|오래된",
    r"长时间(?:没有|未)|无(?:回复|响应|人回复)|没有(?:回复|响应)|无法(?:复现|重现)|已过时",
    r"(?:返信|返答|反応|応答)が?(?:ない|なし|ありません)|再現(?:できません|しません|できない)",
)

ANSWERED_BY_AUTHOR = _phrase(
    "thank thx ty! that it work gone since my never nvm figured error i solved 감사 고맙 "
    "해결 실수 谢 感 解 搞 我 謝 ありがと でき 私",
    r"\bthank(?:s| you)\b|\bthx\b|\bty!|\bthat (?:works?|worked|fixed|solved|helped"
    r"|did it|makes sense|answers|explains|was it)\b|\bit (?:works?|worked)\b"
    r"|\bworks (?:now|for me|great|perfectly)|^(?:\W{0,4}|it |that |this |yes,? ){0,2}works\b"
    r"|\b(?:fixed|solved|did) it\b|\b(?:is|are|all) gone\b"
    r"|\bno (?:more )?(?:problems|issues) since",
    r"\bmy (?:bad|mistake|fault|error)\b|\bnever ?mind\b|\bnvm\b|\bfigured (?:it )?out\b"
    r"|\buser error\b|\bpilot error\b|\bi (?:was|had|forgot|misread|misunderstood|missed|see now"
    r"|got it|found (?:the|out|a)|solved)\b|\bsolved\b",
    r"감사합니다|고맙습니다|해결(?:했|됐|되었)|제 실수|谢谢|感谢|解决了|搞定|我的(?:错|问题)|謝謝",
    r"ありがと|解決しました|できました|私の(?:ミス|間違い|勘違い)",
)

# Words by which someone tells another what to do.
ADVICE = _phrase(
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
ADDRESSED = _phrase(
    "you your instead 세요 시면 됩니다 请 可以 建议 ください すれば",
    r"\byou(?:'ll)? (?:can|could|should|need|must|have to|want to|probably want|just need|forgot"
    r"|are missing|are using|may want|might want|would need)\b",
    r"^(?:please )?(?:use|try|set|add|run|pass|upgrade|install|replace) \S.{0,80}\binstead\b",
    r"하세요|하시면|보세요|주세요|시면 됩니다|으면 됩니다",
    r"请(?:使用|尝试|升级|检查|参考)|你?可以|建议",
    r"してください|すれば(?:いい|よい|良い)|できます",
)

WORKAROUND = _phrase(
    "work mean for temporar stop helped solved 임시 우회 우선 临 绕 变 暂 回避 一時 とりあえず",
    r"\bwork(?:ed|ing|s)?[- ]?around\b|\bin the mean ?(?:time|while)\b|\bfor now\b|\btemporar",
    r"\bas a (?:stop-?gap|temporary)|\bhelped(?: me)?\b|\bsolved it (?:for me )?by\b",
    r"임시|우회|우선은|临时|绕过|变通|暂时|回避策|一時的|とりあえず",
)

_VERSION = r"(?P<tag{0}>v?\d{{1,4}}\.\d{{1,5}}(?:\.\d{{1,6}}){{0,2}})"

# `fixed in 1.2`, `upgrade to v1.2.3`, `released as 2.0`; the number is the version.
RELEASED_IN = _phrase(
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

# Before the phrase, in its sentence: it is denied, or not yet so.
NEGATION = _any(
    r"\b(?:not|never|neither|nor|without|cannot|unlikely|hardly|no)\b(?! longer| only)|n't\b|n’t\b",
    r"\b(?:until|unless|once|when|if|whether|before|in case|need(?:s|ed)? (?:to be|fixing)|to be"
    r"|will be|would be|would have|could be|hop(?:e|ing|efully)|wish|want|waiting|wait for"
    r"|partial(?:ly)?|half|part of|unrelated|different (?:from|than))\b"
    r"|\b(?:to|will|would|must|can|could)\s*$",
    r"아니|않|안 |못|아직|面倒|不是|没有|未|尚未|ではな|ていな",
)
NEGATION_AFTER = _any(r"(?:이|가|은|는)? ?(?:아니|아닙|않)|(?:では|じゃ)(?:ない|ありません)|なく\b")

# The speaker is not sure: never enough for a fact.
DOUBT = _any(
    r"\b(?:might|may|maybe|perhaps|possibl[ey]|could(?! ?n[o'’]t)|potential(?:ly)?|not sure"
    r"|unsure|wonder|suspect|guess|i assume|related to|similar to)\b|\?\s*$",
    r"아마|일 수|인 것 같|같습니다|일지도|가능성|可能|也许|或许|大概|かも|たぶん|おそらく|？\s*$",
)
# The speaker is modest: enough when the same words close the issue.
MODESTY = _any(
    r"\b(?:looks? like|seems?|appears?|probably|likely|think|believe|sounds like|afaict|iirc"
    r"|presumably|basically|pretty sure|essentially)\b"
)


def is_denied(sentence: str, match: re.Match[str]) -> bool:
    """Whether the words around a phrase turn it into its contrary, or put it off."""
    before = sentence[max(0, match.start() - 80) : match.start()]
    # A clause of its own is not about ours: "this can't wait, fixed in #5".
    clause = _CLAUSE.split(before)[-1]
    after = sentence[match.end() : match.end() + 12]
    return bool(NEGATION.search(clause) or NEGATION_AFTER.match(after))


def is_doubted(sentence: str) -> bool:
    """Whether the sentence asks, or says that it may be so."""
    return DOUBT.search(sentence) is not None


def is_modest(sentence: str) -> bool:
    """Whether the sentence says that it seems so."""
    return MODESTY.search(sentence) is not None


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


def version_in(match: re.Match[str]) -> str | None:
    """The version that a release phrase names."""
    return next((value for value in match.groupdict().values() if value), None)


_CLAUSE = re.compile(
    r"[,;:]\s|\s[-–—]+\s|\b(?:but|however|although|though|because|since|so)\b", re.IGNORECASE
)
