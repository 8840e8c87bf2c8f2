"""Advice that switches a protection off, or runs what a stranger's server sends: never repeated.

It is dropped whatever its source. A maintainer may have meant it for a laptop; we would repeat it
to everybody. A sentence that warns of such a thing is dropped with it; the link stays.
Every repeat in the patterns is bounded, so that the time is linear in the text's length.
"""

import re
from typing import Final

_LOOK_AT: Final = 20_000
_SHELL = r"(?:sudo\s{1,5})?(?:-E\s{1,3})?(?:/(?:usr/)?bin/)?(?:ba|z|k|da|fi|c)?sh\b"
_PROGRAM = (
    r"(?:sudo\s{1,5})?(?:python\d?|perl|ruby|node|php|iex|Invoke-Expression|pwsh|powershell)\b"
)
_FETCH = r"\b(?:curl|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod|fetch)\b"
_NO = r"(?:false|off|no|0|None)\b"
_GUARD = (
    r"(?:TLS|SSL|certificates?|cert|SELinux|AppArmor|CORS|CSRF|XSRF|CSP|content.security.policy"
    r"|firewall|anti-?virus|Windows Defender|Gatekeeper|sandbox(?:ing)?|signatures?"
    r"|authentication|authorization|2FA|MFA|security|UAC)\b"
)
_GUARD_KO = r"(?:TLS|SSL|인증서|SELinux|CORS|CSRF|방화벽|백신|보안|샌드박스|서명|인증)"

_PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "pipe to a shell": (
        _FETCH + r"[^|\n]{0,300}\|\s{0,5}(?:" + _SHELL + "|" + _PROGRAM + ")",
        r"\b(?:ba|z)?sh\s{1,3}(?:-c\s{1,3})?[\"']?(?:<\(|\$\()\s{0,3}(?:curl|wget)\b",
        r"\b(?:eval|source|iex|Invoke-Expression)\b[^\n]{0,30}" + _FETCH,
        r"DownloadString\(",
        r"base64\s{1,3}(?:-d|-D|--decode)\b[^|\n]{0,60}\|\s{0,5}" + _SHELL,
    ),
    "TLS verification off": (
        r"NODE_TLS_REJECT_UNAUTHORIZED|rejectUnauthorized\W{1,5}false|InsecureSkipVerify",
        r"\b(?:curl|wget)\b[^\n|]{0,200}\s(?:-k|--insecure|--no-check-certificate)(?=\s|$|['\"])",
        r"--(?:no-check-certificate|insecure(?:-skip-tls-verify)?|skip-tls-verify)\b",
        r"--(?:disable-web-security|ignore-certificate-errors|trusted-host)\b",
        r"--allow-running-insecure-content\b",
        r"\bverify\s{0,3}[=:]\s{0,3}" + _NO,
        r"(?:ssl[_-]?verify|strict[_-]?ssl|sslVerify)\W{1,6}" + _NO,
        r"GIT_SSL_NO_VERIFY|PYTHONHTTPSVERIFY\s{0,2}=\s{0,2}0|CERT_NONE\b",
        r"_create_unverified_context|CURLOPT_SSL_VERIFY(?:PEER|HOST)\W{1,8}(?:0|false)",
        r"sslmode\s{0,2}=\s{0,2}disable\b|TrustServerCertificate\s{0,2}=\s{0,2}true",
    ),
    "file permissions": (
        r"\bchmod\b[^\n]{0,40}\s(?:0?777|a\+rwx|ugo\+rwx|o\+w|0?666|a\+w|[ug]?\+s)\b",
        r"\bicacls\b[^\n]{0,80}\bEveryone:|\bumask\s{1,3}0{1,4}\b",
    ),
    "hooks and signatures skipped": (
        r"--no-verify\b|--no-gpg-checks?\b|--nogpgcheck\b|--allow-unauthenticated\b|--force-yes\b",
        r"\[trusted=yes\]|gpgcheck\s{0,2}=\s{0,2}0\b|--skip-integrity|--no-audit-signatures",
        r"GONOSUMDB|GONOSUMCHECK|GOFLAGS\s{0,2}=\s{0,2}-insecure|GOSUMDB\s{0,2}=\s{0,2}off",
    ),
    "SELinux, AppArmor or a sandbox off": (
        r"\bsetenforce\s{1,3}(?:0|permissive)\b|SELINUX\s{0,2}=\s{0,2}(?:disabled|permissive|0)\b",
        r"apparmor\s{0,2}[=:]\s{0,2}(?:unconfined|0)|seccomp\s{0,2}[=:]\s{0,2}unconfined",
        r"--no-sandbox\b|--privileged\b|--disable-setuid-sandbox|\bprivileged:\s{0,3}true",
        r"allowPrivilegeEscalation:\s{0,3}true|--security-opt\s{1,3}\S{0,20}(?:disable|unconfined)",
        r"\baa-(?:disable|teardown|complain)\b|csrutil\s{1,3}disable|spctl\s{1,3}--master-disable",
        r"xattr\s[^\n]{0,20}com\.apple\.quarantine",
    ),
    "CORS open to all": (
        r"Access-Control-Allow-Origin\W{1,6}\*|\borigins?\W{1,6}\*|allow_?origins?\W{1,8}\*",
        r"CORS_(?:ORIGIN_)?ALLOW_ALL\w{0,10}\W{1,5}True|AllowAnyOrigin\b|\bcors\(\s{0,2}\)",
    ),
    "CSRF protection off": (
        r"csrf_exempt\b|csrf\W{1,6}disable\b|skip_forgery_protection",
        r"csrf(?:Protection|_protection|_enabled|_check)?\W{1,5}" + _NO,
        r"WTF_CSRF_ENABLED\W{1,5}False|skip_before_action\W{1,3}verify_authenticity_token",
    ),
    "firewall or antivirus off": (
        r"\bufw\s{1,3}disable\b|iptables\s{1,3}-F\b|netsh\b[^\n]{0,60}\bstate\s{1,3}off\b",
        r"systemctl\s{1,3}(?:stop|disable)\s{1,3}(?:--now\s{1,3})?(?:firewalld|ufw|apparmor|auditd)",
        r"DisableRealtimeMonitoring|Set-MpPreference\b[^\n]{0,80}\$true",
        r"Add-MpPreference\b[^\n]{0,40}Exclusion|ExecutionPolicy\s{1,3}(?:Bypass|Unrestricted)",
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
        r"\b(?:disabl|switch(?:ing)?\s{1,3}off|turn(?:ing)?\s{1,3}off|skip|bypass|ignor|remov|suppress"
        r"|deactivat)\w{0,4}\s{1,3}(?:\w{1,20}\s{1,3}){0,4}?" + _GUARD,
        _GUARD_KO
        + r"\s{0,2}(?:\S{1,12}\s{1,2}){0,3}(?:끄|꺼|끈|비활성|해제|무시|건너뛰|우회|생략)",
        _GUARD + r"\s{1,2}(?:\w{1,15}\s{1,2}){0,3}?(?:off|disabled)\b",
        r"(?:关闭|禁用|跳过|忽略|绕过)\S{0,6}(?:证书|防火墙|安全|校验|验证|杀毒)",
        r"(?:証明書|ファイアウォール|セキュリティ|検証)\S{0,6}(?:無効|無視|オフ|スキップ)",
    ),
    "destroys data": (
        r"\brm\s{1,3}-(?:rf|fr|r\s{1,3}-f)\w{0,3}\s{1,3}(?:--\S{1,20} )?(?:/|~|\$HOME|\*)(?!\w)",
        r"\bmkfs\.\w|\bdd\s{1,3}[^\n]{0,60}of=/dev/[sn]|:\(\)\s{0,2}\{\s{0,2}:\|:",
        r"\bformat\s{1,3}c:|DROP\s{1,3}DATABASE\b",
    ),
}
_COMPILED: Final = tuple(
    (name, re.compile("|".join(patterns), re.IGNORECASE)) for name, patterns in _PATTERNS.items()
)


def found(text: str) -> str | None:
    """Which kind of unsafe advice the text holds; None if none."""
    plain = text[:_LOOK_AT].replace("`", "").replace("**", "").replace("\\\n", " ")
    for name, pattern in _COMPILED:
        if pattern.search(plain):
            return name
    return None
