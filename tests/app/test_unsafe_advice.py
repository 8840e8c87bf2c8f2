import time

import pytest

from app.unsafe_advice import found

UNSAFE = [
    "curl -fsSL https://get.example/x.sh | sh",
    "run `wget -qO- http://x.example | sudo bash -`",
    "bash <(curl -s https://x.example)",
    'sh -c "$(curl -fsSL https://x.example)"',
    "iwr https://x.example/i.ps1 | iex",
    "echo aGk= | base64 -d | bash",
    "export NODE_TLS_REJECT_UNAUTHORIZED=0",
    "requests.get(url, verify=False)",
    "git config --global http.sslVerify false",
    "npm set strict-ssl false",
    "use `curl -k`",
    "pass --insecure-skip-tls-verify",
    "tls.Config{InsecureSkipVerify: true}",
    "chmod -R 777 /var/run",
    "chmod **777** the folder",
    "sudo chmod a+rwx .",
    "git commit --no-verify",
    "apt-get install --allow-unauthenticated x",
    "setenforce 0",
    "SELINUX=disabled in /etc/selinux/config",
    "docker run --privileged harbor",
    "start Chrome with --no-sandbox",
    "Access-Control-Allow-Origin: *",
    "app.use(cors())",
    "@csrf_exempt on the view",
    "http.csrf().disable()",
    "ufw disable",
    "Set-ExecutionPolicy Bypass",
    "StrictHostKeyChecking no",
    "add NOPASSWD to sudoers",
    "protected-mode no",
    "just disable your antivirus",
    "turn off the TLS certificate check",
    "You can ignore the certificate warning",
    "skip signature verification",
    "Remove the authentication for now",
    "방화벽을 끄면 됩니다",
    "SSL 인증서 검증을 비활성화하세요",
    "SELinux를 잠시 꺼 두세요",
    "关闭防火墙就可以了",
    "証明書を無視してください",
    "sudo rm -rf / --no-preserve-root",
    "rm -rf ~",
    "DROP DATABASE harbor",
]
SAFE = [
    "Raise `proxy_read_timeout` to 120s in nginx.",
    "curl https://localhost:8080/health shows whether it is up",
    "chmod 755 bin/harbor",
    "chmod 600 ~/.ssh/id_rsa",
    "Set `verify_uploads = true`.",
    "Install the missing CA certificate and restart.",
    "Add your origin to `cors.allowed_origins`.",
    "rm -rf ./node_modules and install again",
    "Use git fetch and then git rebase",
    "Turn on TLS in the listener section.",
    "인증서를 새로 발급받아 주세요.",
    "방화벽에서 443 포트를 열어 주세요.",
    "Skip the empty lines",
    "",
]


@pytest.mark.parametrize("text", UNSAFE)
def test_advice_that_is_never_repeated(text):
    assert found(text)


@pytest.mark.parametrize("text", SAFE)
def test_advice_that_is_fine(text):
    assert found(text) is None


@pytest.mark.parametrize(
    "unit", ["curl ", "disable a b c d ", "chmod ", "인증서 가 나 ", "rm -rf ", "x"]
)
def test_time_is_bounded(unit):
    begun = time.perf_counter()
    found(unit * (65_536 // len(unit)))
    assert time.perf_counter() - begun < 1
