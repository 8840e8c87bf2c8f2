"""What unsafe advice looks like, by kind, in the languages our users write most.

Every repeat is bounded, so that the time is linear in the text's length. The patterns are matched
without regard to letter case, after backticks and hidden characters are gone.
"""

import re
from collections.abc import Iterable
from typing import Final

_NO = r"[\"']?(?:false|off|no|none|0|disabled?)\b"
_YES = r"[\"']?(?:true|on|yes|1|enabled?)\b"
_SET = r"[\"'\])]{0,3}\s{0,3}(?:[:=]|=>|:=)\s{0,3}"
_WORDS = r"(?:[\w'’-]{1,20}\s{1,3})"

_SHELL = r"(?:/(?:usr/)?bin/)?(?:ba|z|k|da|fi|c)?sh\b"
_PROGRAM = r"(?:python[\d.]{0,4}|perl|ruby|node|php|iex|Invoke-Expression|pwsh|powershell)\b"
_BY = (
    r"(?:(?:sudo|doas|env|xargs|nohup|exec|time|nice)\b(?:\s{1,3}(?:-{1,2}\w[\w-]{0,20}"
    r"|\w{1,20}=\S{0,40}|[a-z_]\w{0,20}(?=\s{1,3}\S))){0,5}?\s{1,5}){0,2}"
)
_RUN = _BY + "(?:" + _SHELL + "|" + _PROGRAM + ")"
_GET = r"\b(?:curl|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b"
_FETCH = r"(?:" + _GET + r"|\bfetch\b)"

_CHECKS = r"(?:verif\w{0,10}|validat\w{0,6}|check(?:s|ing)?)\b"
_SIGNED = r"(?:certificates?|certs?|signatures?)"
_GUARD = (
    r"(?:TLS|SSL|SELinux|AppArmor|CORS|CSRF|XSRF|CSP|content.security.policy"
    r"|firewalld?|iptables|anti-?virus|Windows Defender|Gatekeeper|SIP|sandbox(?:ing)?"
    r"|authentication|authorization|2FA|MFA|security|UAC)\b"
)
_ANY_GUARD = r"(?:" + _GUARD + "|" + _SIGNED + r"\b)"
_SERVICE = r"(?:firewalld|ufw|iptables|nftables|apparmor|auditd)"

_GUARD_KO = r"(?:TLS|SSL|인증서|SELinux|CORS|CSRF|방화벽|백신|보안|샌드박스|서명|인증)"
_WALL_KO = r"(?:방화벽|백신|샌드박스|SELinux)"
_FEW_KO = r"\s{0,2}(?:\S{1,12}\s{1,2}){0,3}"
_CHECK_KO = r"(?:검증|확인|검사|점검)[을를은는도]?\s{0,2}"
_GUARD_ZH = (
    r"(?:SELinux|SSL|TLS|HTTPS|CORS|CSRF|证书|證書|憑證|防火墙|防火牆|安全|校验|验证|驗證"
    r"|签名|杀毒|沙箱)"
)
_GUARD_JA = r"(?:証明書|ファイアウォール|セキュリティ|検証|SELinux|SSL|TLS)"
_GUARD_RU = (
    r"(?:сертификат|провер|брандмауэр|ф[ае]й?рвол|антивирус|защит|подпис"
    r"|SELinux|TLS|SSL|CORS|CSRF)"
)
_GUARD_ROMANCE = (
    r"(?:verificaci|validaci|verificaç|validaç|vérificat|validation|certific|firewall|cortafuegos"
    r"|pare-?feu|antivirus|SELinux|SSL|TLS|CORS|CSRF|seguridad|segurança|sécurité|sicurezza|firma)"
)
_GUARD_DE = (
    r"(?:Zertifikat|Firewall|TLS|SSL|SELinux|Viren|Sicherheit|Signatur|CORS|CSRF|Überprüf|Prüfung)"
)

_PERMISSIONS = r"(?:permissions?|permisos|permiss\w{2,5}|права|권한|权限|權限|パーミッション)"
_WRITABLE_BY_ALL = r"(?:[0-7]?[0-7]{2}[2367]|[ug]{0,2}[oa][ugoa]{0,3}[+=][rxXst]{0,4}w\w{0,4})"
# What is only kept to save time may go, wherever it lies.
_CACHES = (
    r"(?!\S{0,200}(?:cache|node_modules|\.cargo/(?:registry|git)\b|\btmp/\w|\.venv"
    r"|/(?:build|target|dist)\b))"
)

_PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "pipe to a shell": (
        _FETCH + r"[^\n]{0,300}\|\s{0,5}" + _RUN,
        # Fetched first, run by a later command.
        _GET + r"[^;&]{0,300}(?:;|&&|\n|\bthen\b)[^|]{0,60}?(?<![\w./-])"
        r"(?:" + _RUN + r"\s|\.{1,2}/\w|chmod\s{1,3}\S{0,5}\+x|source\s)",
        r"(?:(?<![\w.-])" + _SHELL + r"|\b" + _PROGRAM + r"|(?:^|[\s;])(?:\.|source))\s{1,3}"
        r"(?:-c\s{1,3})?[\"']?\s{0,3}(?:<\(|\$\()?\s{0,3}(?:curl|wget)\b",
        r"\b(?:eval|source|iex|Invoke-Expression)\b[^\n]{0,30}" + _FETCH,
        r"DownloadString\(|\bmshta\s{1,3}http|\bcertutil\b[^\n]{0,40}-urlcache",
        r"base64\s{1,3}(?:-d|-D|--decode)\b[^|\n]{0,60}\|\s{0,5}" + _RUN,
    ),
    "TLS verification off": (
        r"NODE_TLS_REJECT_UNAUTHORIZED|rejectUnauthorized\W{1,5}false|InsecureSkip\w{0,4}Verify",
        r"\b(?:curl|wget)\b[^\n|]{0,200}\s-[a-z]{0,8}k[a-z]{0,8}(?=\s|$|['\"])",
        r"--[\w-]{0,20}insecure\b|--no-check-certificate\b",
        r"--(?:no|skip|disable)-(?:verify-)?(?:tls|ssl|cert\w{0,10})[\w-]{0,20}",
        r"--(?:disable-web-security|ignore-certificate-errors)\b|--ssl-no-revoke\b",
        r"trusted[-_]host\b|insecure-registr|GOINSECURE|-insecure-skip|x509ignoreCN",
        r"--allow-running-insecure-content\b|NSAllowsArbitraryLoads|usesCleartextTraffic" + _SET,
        r"(?:\b|_|\.)(?:verif|validat)\w{0,24}" + _SET + _NO,
        r"(?:check_?(?:host\w{0,10}|cert\w{0,12}|ssl|tls|sig\w{0,10}|peer)|\bssl|\btls)"
        + _SET
        + _NO,
        r"(?:ssl|tls|cert\w{0,10})[_.-]?verif\w{0,10}\W{1,6}" + _NO,
        r"strict[_-]?ssl\W{1,6}" + _NO,
        r"insecure[\w-]{0,30}(?:" + _SET + r"|\s{1,3})" + _YES,
        r"(?:skip|disable|ignore|no)[_-]?(?:tls|ssl|cert\w{0,12}?)?[_-]?(?:verif|validat|check)"
        r"\w{0,12}(?:" + _SET + r"|\s{1,3})" + _YES,
        r"GIT_SSL_NO_VERIFY|PYTHONHTTPSVERIFY\s{0,2}=\s{0,2}0|CERT_NONE\b",
        r"_create_unverified_context|CURLOPT_SSL_VERIFY(?:PEER|HOST)\W{1,8}(?:0|false)",
        r"sslmode\s{0,2}=\s{0,2}disable\b|TrustServerCertificate\s{0,2}=\s{0,2}true",
    ),
    "file permissions": (
        r"\bchmod\b[^\n]{0,40}\s(?:" + _WRITABLE_BY_ALL + r"|[ug]{0,2}\+s)(?!\w|\.\w)",
        r"\bicacls\b[^\n]{0,80}\bEveryone:|\bumask\s{1,3}0{1,4}\b|\bworld[- ]?writ\w{2,5}\b",
        _PERMISSIONS + r"[^\n.。]{0,30}(?<!\d)0?777(?!\d)",
        r"(?<!\d)0?777\s?(?:권한|permissions?|权限)|권한[^\n.]{0,6}\s모(?:두|든)",
    ),
    "hooks and signatures skipped": (
        r"--no-verify\b|--no-gpg-checks?\b|--nogpgcheck\b|--allow-unauthenticated\b|--force-yes\b",
        r"\bHUSKY\s{0,2}=\s{0,2}0|\bgit\s{1,3}commit\b[^\n]{0,60}\s-[a-z]{0,3}n[a-z]{0,3}(?=\s|$)",
        r"\[trusted=yes\]|gpgcheck\s{0,2}=\s{0,2}0\b|--skip-integrity|--no-audit-signatures",
        r"GONOSUMDB|GONOSUMCHECK|GOFLAGS\s{0,2}=\s{0,2}[\"']?-insecure|GOSUMDB\s{0,2}=\s{0,2}off",
    ),
    "SELinux, AppArmor or a sandbox off": (
        r"\bsetenforce\s{1,3}(?:0|permissive)\b|SELINUX\s{0,2}=\s{0,2}(?:disabled|permissive|0)\b",
        r"SELinux[^\n.]{0,40}\bpermissive|\bpermissive\b[^\n.]{0,30}SELinux",
        r"apparmor\s{0,2}[=:]\s{0,2}(?:unconfined|0)|seccomp\s{0,2}[=:]\s{0,2}unconfined",
        r"--no-sandbox\b|--privileged\b|--disable-\w{0,10}-?sandbox|\bprivileged:\s{0,3}true",
        r"allowPrivilegeEscalation:\s{0,3}true|--security-opt\s{1,3}\S{0,20}(?:disable|unconfined)",
        r"\baa-(?:disable|teardown|complain)\b|csrutil\s{1,3}disable|spctl\s{1,3}--master-disable",
        r"xattr\s[^\n]{0,20}com\.apple\.quarantine",
    ),
    "CORS open to all": (
        r"Access-Control-Allow-Origin\W{1,6}\*|\borigins?\W{1,6}\*|allow_?origins?\W{1,8}\*",
        r"CORS_(?:ORIGIN_)?ALLOW_ALL\w{0,10}\W{1,5}True|AllowAnyOrigin\b|\bcors\(\s{0,2}\)",
        r"ALLOWED_HOSTS" + _SET + r"\[?\s?[\"']\*",
    ),
    "CSRF protection off": (
        r"csrf_exempt\b|csrf\W{1,6}(?:\w{1,40}\W{1,4})?disable\b|skip_forgery_protection",
        r"csrf(?:Protection|_protection|_enabled|_check)?\W{1,5}" + _NO,
        r"WTF_CSRF_ENABLED\W{1,5}False|skip_before_action\W{1,3}verify_authenticity_token",
    ),
    "firewall or antivirus off": (
        r"\bufw\s{1,3}disable\b|iptables\s{1,3}-F\b|netsh\b[^\n]{0,60}\bstate\s{1,3}off\b",
        r"systemctl\s{1,3}(?:stop|disable|mask)\s{1,3}(?:--now\s{1,3})?" + _SERVICE,
        r"\b(?:service|rc-service)\s{1,3}" + _SERVICE + r"\s{1,3}stop\b",
        r"\b(?:stop|kill|shut(?:ting)?\s{1,2}down|uninstall)\w{0,5}\s{1,3}" + _WORDS + r"{0,3}?"
        r"(?:firewalld?|iptables|anti-?virus|SELinux|AppArmor|Windows Defender)\b(?!\s{1,2}from)",
        r"DisableRealtimeMonitoring|Set-MpPreference\b[^\n]{0,80}\$true",
        r"Add-MpPreference\b[^\n]{0,40}Exclusion",
        r"ExecutionPolicy\b[^\n]{0,60}\b(?:Bypass|Unrestricted)\b|-ep\s{1,3}bypass\b",
    ),
    "authentication off": (
        r"NOPASSWD|PermitEmptyPasswords\s{1,3}yes|StrictHostKeyChecking[ =]{1,3}(?:no|off)\b",
        r"UserKnownHostsFile[ =]{1,3}/dev/null|--allow-empty-password|ALLOW_EMPTY_PASSWORD",
        r"POSTGRES_HOST_AUTH_METHOD\W{1,4}trust|xpack\.security\.enabled\W{1,4}false",
        r"skip-grant-tables|--auth(?:entication)?[= ](?:none|off|false)\b",
        r"protected-mode\s{1,3}no\b",
        r"disable_auth\w{0,12}\W{1,4}true|\bcluster-admin\b",
    ),
    "in plain words": (
        r"\b(?:disabl|switch(?:ing)?\s{1,3}off|turn(?:ing)?\s{1,3}off|bypass|ignor|suppress"
        r"|deactivat)\w{0,4}\s{1,3}" + _WORDS + r"{0,4}?" + _ANY_GUARD,
        # "The fix removed the broken signature check" tells what a release did.
        r"\b(?:skip(?:ping)?|remov(?:e|ing))\s{1,3}" + _WORDS + r"{0,4}?(?:" + _GUARD
        + "|" + _SIGNED + r"\s{1,3}" + _WORDS + "?" + _CHECKS + ")",
        r"\b" + _ANY_GUARD + r"\s{1,2}(?:\w{1,15}\s{1,2}){0,3}?(?:off|disabled)\b",
        r"\b" + _ANY_GUARD + r"\s{1,2}(?:\w{1,15}\s{1,2}){0,3}?to\s{1,2}"
        r"(?:false|none|no|permissive|0)\b",
        r"\b(?:do\s{1,3}not|don['’]?t|without|never|not)\s{1,3}" + _WORDS + r"{0,2}?"
        r"(?:verify|validate|check)(?:ing)?\s{1,3}" + _WORDS + r"{0,3}?"
        r"(?:TLS|SSL|" + _SIGNED + r"|host\s?names?|host keys?|peers?)\b",
        r"\bwithout\s{1,3}" + _WORDS + r"{0,2}?(?:TLS|SSL|" + _SIGNED + r")\s{1,3}" + _CHECKS,
        r"\b(?:trust|accept|allow)(?:ing)?\s{1,3}(?:all|any|every|invalid|self-signed|untrusted"
        r"|unsigned|expired)\s{1,3}" + _WORDS + r"{0,2}?(?:" + _SIGNED + r"|hosts?|origins?)\b",
    ),
    "in plain Korean": (
        _GUARD_KO + _FEW_KO + r"(?:끄|꺼|끈|비활성|해제|무시|건너뛰|우회|생략)",
        _WALL_KO + _FEW_KO + r"(?:내리|내려(?!받)|중지|정지|중단|멈추)",
        _GUARD_KO + _FEW_KO + _CHECK_KO + r"(?:하지\s?(?:않|말|마)|없이|안\s?하)",
        _GUARD_KO + _FEW_KO + r"(?:false|off|permissive|none|disabled)\s?(?:으?로|모드)",
    ),
    "in plain Chinese or Japanese": (
        r"(?:关闭|關閉|禁用|停用|跳过|跳過|忽略|绕过|繞過|略過)\s?\S{0,6}?\s?" + _GUARD_ZH,
        _GUARD_JA + r"\s?\S{0,8}?(?:無効|無視|オフ|スキップ|停止)",
    ),
    "in plain Russian": (
        r"(?:отключ|выключ|игнорир|пропус[кт]|обойд|обход)\w{0,8}\s{1,3}(?:\S{1,20}\s{1,3}){0,3}?"
        + _GUARD_RU,
    ),
    "in plain Spanish, Portuguese, French or Italian": (
        r"\b(?:desactiv|deshabilit|desabilit|desativ|désactiv|disattiv|disabilit|omit|ignor)"
        r"\w{0,6}\s{1,3}(?:\S{1,20}\s{1,3}){0,4}?(?:l['’])?" + _GUARD_ROMANCE,
    ),
    "in plain German": (
        r"\b(?:deaktivier|ignorier|umgeh|überspring)\w{0,5}\s{1,3}(?:\S{1,25}\s{1,3}){0,4}?"
        r"\w{0,20}" + _GUARD_DE,
        r"\bschalte?n?\s{1,3}(?:\S{1,25}\s{1,3}){0,3}?\w{0,20}" + _GUARD_DE
        + r"\w{0,20}\s{1,2}(?:\w{1,15}\s{1,2}){0,2}?(?:ab|aus)\b",
        r"\b" + _GUARD_DE + r"\w{0,20}\s{1,2}(?:ab|aus)(?:zu)?schalten",
    ),
    "destroys data": (
        r"\brm\s{1,3}(?:-{1,2}[\w-]{1,25}\s{1,3}){0,2}-{1,2}\w{0,12}r\w{0,12}"
        r"(?:\s{1,3}-{1,2}[\w-]{1,25}){0,3}\s{1,3}[\"']?(?:/|~|\$\{?HOME\b|\*)" + _CACHES,
        r"\bmkfs\.\w|\bdd\s{1,3}[^\n]{0,60}of=/dev/[sn]|:\(\)\s{0,2}\{\s{0,2}:\|:",
        r"\bformat\s{1,3}c:|DROP\s{1,3}DATABASE\b",
    ),
}  # fmt: skip

_NEVER_ASCII: Final = ("in plain Korean", "in plain Chinese or Japanese", "in plain Russian")


def _compiled(kinds: Iterable[str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile("|".join(_PATTERNS[kind]), re.IGNORECASE)) for kind in kinds)


COMPILED: Final = _compiled(kind for kind in _PATTERNS if kind not in _NEVER_ASCII)
BEYOND_ASCII: Final = _compiled(_NEVER_ASCII)
"""Those that no ASCII text can match."""
