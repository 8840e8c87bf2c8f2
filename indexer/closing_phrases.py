"""What people write in the act of closing; elsewhere the same words say too little."""

from indexer.wording import any_of, phrase

_COMMIT = r"\b(?=[0-9a-f]{0,39}\d)(?=[0-9a-f]{0,39}[a-f])[0-9a-f]{7,40}\b"
_CHANGED = r"https?://[^\s/]{1,80}/[\w.-]{1,80}/(?P<repo1>[\w.-]{1,80})/(?:pull|commit)/\w"

# Of another tracker; that it is another's is asked separately.
ELSEWHERE = phrase(
    "/issues/ /pull/ # repo tracker project upstream",
    r"https?://[^\s/]{1,80}/[\w.-]{1,80}/(?P<repo1>[\w.-]{1,80})/(?:issues|pull)/\d",
    r"(?<![\w/.-])[\w.-]{1,80}/(?P<repo2>[\w.-]{1,80})#\d",
    r"\b(?:wrong|another|different|separate|other|its own) (?:repo|repository|issue tracker|tracker"
    r"|project)\b|\b(?:reported|report it|report this|file it|file this|filed|fixed|belongs)"
    r" (?:\w+ )?upstream\b",
)

GONE = phrase(
    "gone removed deprecat dead deleted obsolete dropped superseded postponed unmaintained tree "
    "changed vague old answered activity comment update progress movement action heard predates "
    "since rewrit replaced longer",
    r"\b(?:is|are|was|were|been|being|be|got|'s|’s|has|have|now|since) "
    r"(?:now |all |also |since |long |just |already |mostly |going to be ){0,2}"
    r"(?:gone|removed|deprecated|dead|deleted|obsolete|dropped|superseded|postponed|unmaintained"
    r"|rewritten|replaced|out of (?:the )?tree)\b",
    r"\b(?:enough|a lot|lots|much|everything|things|so much) (?:has |have )?changed\b|\bpredates\b"
    r"|\b(?:changed|rewritten|refactored) (?:so much |a lot |\w+ )?since\b",
    r"\bno longer (?:part of|have|has|support\w*|used?|works?|does|in|compiles?|possible|true)\b",
    r"\b(?:too|very|pretty|so|quite|rather|really) (?:vague|old)\b|\bnever (?:got )?answered\b",
    r"\bno (?:comments?|progress|updates?|movement|action) (?:in|for|since|on)\b",
)

# A change, named: a commit, a pull request, a number.
CHANGE = phrase("", _COMMIT, _CHANGED, r"(?<![\w/])#\d{1,9}\b")

DONE = phrase(
    "",
    _COMMIT + "|" + _CHANGED,
    r"\b(?:call|calling|consider|considering|declare|declaring|mark|marking) (?:this|it|that"
    r"|the \w+) (?:issue |bug |as )?(?:done|fixed|complete|completed|finished|resolved)\b",
    r"\b(?:have|has) ?(?:n'?t|n’t|not) (?:been )?seen (?:this|it|any|in|recently|for|lately)\b"
    r"|\b(?:good|close|clear) enough\b|\bbelieved fixed\b|\bnothing (?:left|more|else) to\b"
    r"|\b(?:as much|as good) as we\b|\blooks? (?:good|fine|ok|okay) now\b"
    r"|\ball (?:of )?(?:the |these |those )?(?:\w+ )?"
    r"(?:items|tasks|boxes|points|subtasks)\b",
    r"\b(?:i|we)(?:'ve| have)? (?:just |already |also |now )?(?:fixed|added|changed|updated|pushed"
    r"|implemented|redid|rewrote|renamed|landed|checked in|made|converted|moved to|switched)\b",
    r"\b(?:is|are|has|have|does|do|can|exists?|there'?s|we'?ve|it'?s|been|gives?|prints?|reports?"
    r"|uses?|mentions?|supports?|includes?|handles?|contains?|shows?) (?:[^\s.,;]{1,40} ){0,6}?"
    r"(?:(?<!for )(?<!right )(?<!until )now|already(?! have a)|nowadays|these days)\b",
    r"\b(?:now|already|currently|recently|since then) (?:been )?(?:is|are|has|have|exists?|do|does"
    r"|can|supports?|supported|includes?|included|contains?|mentions?|handles?|handled|uses?|gives?"
    r"|prints?|reports?|implemented|possible|available|documented|changed|renamed|stabilized|called"
    r"|a|an|in)\b",
    r"\b(?:stabilized|landed|merged|implemented|completed|shipped)\b",
    r"\b(?:this|it|that|everything|sample|example|snippet|program|code|test|tests|testcase)"
    r" (?:\w+ )?(?:works|compiles|passes|builds|runs)\b(?! (?:as|like) )",
)

UNWANTED = phrase(
    "",
    r"\b(?:needs?|requires?|warrants?|opened?|opening|filed?|discuss\w*|favou?r of|through|via"
    r"|process|repo|submit|proposed?|be|persue|pursue|become) (?:[^\s.]{1,30} ){0,4}?"
    r"(?:rfcs?|proposals?)\b|\brfcs? (?:repo|process|issue|if|first|for)\b",
    r"\brfcs?\b(?! ?#?\d)|\bin favou?r of\b|\bnon-?(?:issue|starter|goal|bug)\b"
    r"|\bnot doing\b|\bnothing (?:we can|to) do\b"
    r"|\bbackwards?[- ]incompatible\b"
    r"|(?:\bnot|n't|n’t) (?:\w+ ){0,4}(?:anything (?:to|we)|important)\b"
    r"|\bunlikely\b|\brather not\b",
    r"(?:\bnot|n't|n’t) (?:\w+ ){0,3}?(?:worth|useful|convinced|possible|sound|actionable|desirable"
    r"|feasible|viable|likely to|going to|necessary|needed|the right|a good|a goal|want|support"
    r"|plan|intend|need|belong|fits?|make this change|think (?:this|we|it|that|there)|sure"
    r"|(?:a|our|\w+'s) (?:bug|problem))\b",
    r"\b(?:ought|should)(?:n'?t| not)\b|\bought to not\b"
    r"|\bno (?:plans?|intention|interest|consensus|desire|need|reason|point|benefit|bug here)\b",
    r"\btoo (?:special|subtle|niche|large|big|complex|complicated|specific|much|magical)\b"
    r"|\b(?:very|fairly|pretty|quite|significant|major) (?:large|big|breaking|a)? ?change\b",
    r"\bbetter (?:suited|off|served|done|handled|left|placed)\b|\bbelongs? (?:in|to|on|with)\b"
    r"|\bwhat we (?:really )?want\b|\blimitation (?:of|in)\b",
    r"\b(?:is|are|seems?|was|looks?|be|it'?s|this as|believe this) (?:[(\w)]+ ){0,2}?(?:correct"
    r"|expected|intended|intentional|deliberate|documented|legal|allowed|okay|undefined behaviou?r)"
    r"\b(?! (?:now|output|result|error))|\bcorrect behaviou?r\b",
    r"\b(?:can|could|should|would) (?:\w+ )?(?:be )?(?:done|provided?|implement\w*|live|go|use|add"
    r"|happen|exist) (?:[^\s.]{1,30} ){0,5}?(?:librar\w+|crates?|packages?|plugins?|extensions?"
    r"|wrappers?|tree|macros?|downstream|userland|cargo|npm|pypi)\b",
)

# Said shortly before somebody closed the issue in silence.
ANNOUNCED = phrase(
    "i'm i’m i am i'll i’ll i will i have i've i’ve got fix patch pr pull submit working taking "
    "landing branch incoming r? #  고치 수정 修 提交 対応",
    r"\bi(?:'m|’m| am) (?:\w+ )?(?:fix|work|implement|add|prepar|send|submit|writ|tak|do|look|chang"
    r"|updat|remov|test)ing\b",
    r"\bi(?:'ll|’ll| will| can| could) (?:\w+ )?(?:fix|do|take|send|submit|open|add|make|work|put"
    r"|write|update|implement|land|push|change|remove|prepare|handle|get|check in)\b",
    r"\b(?:have|ve|got|with|i think i have) (?:\w+ ){0,2}?(?:fix|patch|pr|pull request|branch)\b",
    r"\b(?:fix|patch|pr|pull request|change|test)s? (?:is |are |was |just )?(?:incoming|coming"
    r"|forthcoming|ready|submitted|sent|opened|pending|queued|up|here|landing|for review"
    r"|in progress|in the queue|on (?:the|its) way|in |at |: )",
    r"\b(?:submitted|submitting|opened|sent|created|filed|made|posted|put up|pushed|writing|wrote)"
    r" (?:\w+ ){0,3}?(?:pr|pull request|patch|fix|branch)\b",
    r"\b(?:pr|pull request|patch|fix)s?:? (?:is |in |at |here |for this |for it )*(?:#\d|https?:)",
    r"\bincoming (?:pr|patch|fix|pull)|^(?:pr|fix)\b.{0,20}\bwill fix\b"
    r"|\br\? ?(?:@|#|https?:)|\b(?:should|will|would) (?:also )?fix (?:this|it|that)\b",
    _CHANGED,
    r"#\d{1,9} (?:\w+ )?(?:fixes|addresses|implements|resolves|closes|does|has|will|should|adds)\b",
    r"^(?:i am |i'm )?(?:working on|taking|on it|fixing)\b|\blanding (?:in|as|with)\b",
    r"\b(?:will be|gets?|to be) (?:fixed|resolved|addressed) (?:by|in|as part|with)\b",
    r"(?:수정|고치|PR|패치)[^.\n]{0,12}(?:하겠|올렸|보냈|할게|중입니다)",
    r"(?:我|已)(?:会|来|正在|经)?(?:修复|提交|修正)|(?:PR|プルリク)[^。\n]{0,10}(?:出し|送り|作成)",
)

# At the end of what was said so far: no fix, or only the wish for one.
NO_ANNOUNCEMENT = any_of(
    r"(?:\bnot|n't|n’t|\bnever|\bno|\bwithout|\bneeds?|\bwaiting for|\bif|\bunless|\bwould)"
    r" (?:\w+ ){0,4}\S{1,20}\s?$",
    r"(?:않|못)[^.\n]{0,8}$|(?:不|没)[^。\n]{0,6}$",
)
