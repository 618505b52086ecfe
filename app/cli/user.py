"""user: accounts. Made here, at the machine, by whoever runs it; there is none by default."""

import getpass
import sys
import warnings
from datetime import timedelta
from typing import Annotated

import pyotp
import typer

from app.access import passwords, tokens, users
from app.access.rights import ROLES, Role
from app.audit import Actor
from app.cli.installation import Failure, JsonFlag, installation, run, tell

BY = Actor("system", "cli")
TRIES = 3

app = typer.Typer(help="账号", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="账号名")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="从标准输入读密码（一行）")]


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            for _ in range(TRIES):
                given = getpass.getpass(
                    f"密码（至少 {passwords.SHORTEST} 位，建议 {passwords.ADVISED} 位以上）："
                )
                if getpass.getpass("再输一次：") == given:
                    return given
                print("两次不一样。", file=sys.stderr)
    except getpass.GetPassWarning:
        raise Failure("这里没有终端可以不显示地输密码：用 --password-stdin 从标准输入给。", 2) from None
    except EOFError:
        raise typer.Abort from None
    raise Failure("两次不一样，没有改动。")


async def _add(name: str, role: Role, place: str | None, password: str, totp: bool) -> str | None:
    async with installation() as held:
        hashed = await passwords.hashed(password)
        async with held.db.transaction() as session:
            _, secret = await users.add(
                session,
                name,
                role,
                district=held.district,
                password_hash=hashed,
                by=BY,
                at=held.clock.now(),
                place=place,
                totp=totp,
            )
            return secret


async def _set_password(name: str, password: str) -> None:
    async with installation() as held:
        hashed = await passwords.hashed(password)
        async with held.db.transaction() as session:
            await users.set_password(
                session, name, hashed, district=held.district, by=BY, at=held.clock.now()
            )


async def _disable(name: str) -> None:
    async with installation() as held, held.db.transaction() as session:
        await users.disable(session, name, district=held.district, by=BY, at=held.clock.now())


async def _token(name: str, label: str, days: int) -> str:
    async with installation() as held, held.db.transaction() as session:
        return await tokens.issue(
            session,
            name,
            label,
            district=held.district,
            lives=timedelta(days=days),
            by=BY,
            at=held.clock.now(),
        )


async def _listed() -> list[dict[str, object]]:
    async with installation() as held, held.db.reading() as session:
        return [
            {
                "name": one.login,
                "role": one.role,
                "place": one.place,
                "totp": one.totp_secret is not None,
                "disabled": one.disabled_at is not None,
            }
            for one in await users.listed(session, held.district)
        ]


@app.command(help="新建账号")
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="、".join(ROLES))],
    place: Annotated[str | None, typer.Option(help="镇街九位代码（只用于 town）", metavar="CODE")] = None,
    totp: Annotated[bool, typer.Option("--totp", help="要动态码；打印一次密钥")] = False,
    password_stdin: FromStdin = False,
    json_: JsonFlag = False,
) -> None:
    """Make an account."""
    if role not in ROLES:
        raise Failure(f"--role 只能是 {'、'.join(ROLES)}。", 2)
    password = _password(password_stdin)
    users.check(name, role, place, password)
    secret = run(_add(name, role, place, password, totp))
    lines = [f"已建账号 {users.plain(name)}（{role}）。"]
    uri = None
    if secret is not None:
        uri = pyotp.TOTP(secret).provisioning_uri(name=users.plain(name), issuer_name="叫应")
        lines += ["动态码密钥（只显示这一次，请扫进手机验证器）：", secret, uri]
    tell(
        json_,
        {"name": users.plain(name), "role": role, "place": place, "totp": secret, "totp_uri": uri},
        lines,
    )


@app.command(help="换密码；该账号已登录的全部退出")
def password(name: Name, password_stdin: FromStdin = False) -> None:
    """Set a new password."""
    given = _password(password_stdin)
    if (why := passwords.fault(given, (users.plain(name),))) is not None:
        raise Failure(why)
    run(_set_password(name, given))
    typer.echo("密码已换。")


@app.command(help="停用账号；已登录的立即退出")
def disable(name: Name) -> None:
    """Close an account."""
    run(_disable(name))
    typer.echo("已停用。")


@app.command(help="给程序用的个人令牌，权限同账号；只显示一次")
def token(
    name: Name,
    label: Annotated[str, typer.Option(help="做什么用")] = "api",
    days: Annotated[int, typer.Option(help="有效天数", min=1, max=366)] = 90,
    json_: JsonFlag = False,
) -> None:
    """Issue a personal token."""
    issued = run(_token(name, label, days))
    tell(
        json_,
        {"name": name, "token": issued, "days": days},
        [f"令牌（只显示这一次，{days} 天有效）：", issued],
    )


@app.command("list", help="列出账号")
def list_(json_: JsonFlag = False) -> None:
    """List the accounts."""
    found = run(_listed())
    lines = []
    for one in found:
        marks = ("动态码" if one["totp"] else "", "停用" if one["disabled"] else "")
        lines.append(
            "  ".join(str(word) for word in (one["name"], one["role"], one["place"], *marks) if word)
        )
    tell(json_, {"items": found}, lines or ["还没有账号。"])
