"""What the rooms say to programs in English, said to the person at the machine in Chinese, by its code.

Only a column's name at the beginning, a place in a text and a list at the end are taken over from the
English; documents for machines (``--json``) keep it as it is.
"""

import re

from app.errors import Fault, JiaoyingError

_COLUMN = re.compile(r"([A-Z]{1,8}|[a-z][a-z_0-9]*) (?:is|has|holds|lies) ")
_LIST = re.compile(r": (?P<list>[\w.-]+(?:, [\w.-]+)*)$|^One of (?P<words>.+)\.$", re.DOTALL)
_SPOT = re.compile(r"[Ll]ine (?P<line>\d+)(?:, column (?P<column>\d+))?|Byte (?P<byte>\d+)")

_CHOICES = frozenset({"not-in-list", "bad-word", "unknown-element"})
_SCHEME = (
    (re.compile(r"YAML 写法有误：[ -~]+$"), "YAML 写法有误：看这一行的缩进、冒号和引号"),
    (re.compile(r"(”不对)：[ -~]+$"), r"\1：类型或范围不对"),
)

ERRORS = {
    "malformed-body": "不是完好的 XML、JSON 或 CSV",
    "xml-doctype-forbidden": "带有 DOCTYPE 的 XML 不读",
    "too-deep": "嵌套太深",
    "bad-encoding": "文字编码不对：用 UTF-8（XML 也可用声明了的 GB18030）",
    "unsupported-media-type": "不是认得的格式",
    "validation": "内容有误",
    "invalid-geometry": "画的范围不成立",
    "not-found": "没有找到",
    "unavailable": "数据库暂时用不了，稍后再试",
}
"""By the code of an error."""

CODES = {
    "another-district": "属于别的区",
    "bad-code": "不是这一级的代码（数字、字母、连字符）",
    "bad-coordinate": "不是经纬度（是不是写反了？）",
    "bad-csv": "不是 CSV，从这里起没有读",
    "bad-encoding": "既不是 UTF-8 也不是 GBK",
    "bad-form": "写法不对",
    "bad-interval": "应写成 h.mm，0.01 到 24.00",
    "bad-number": "不是范围内的数，或小数位太多",
    "bad-phone": "不是手机号或带区号的座机号（只写数字）",
    "bad-reference": "引用应写成 sender,identifier,sent",
    "bad-role": "不是角色代码，如 town.mayor",
    "bad-text": "有控制字符，或太长",
    "bad-time": "不是时间，或先后不对",
    "bad-word": "不在可用的词里",
    "differs": "与另给的表名不同",
    "duplicate": "前面的行已有同一个岗或班",
    "duplicate-code": "这个代码前面的行已有",
    "duplicate-column": "表头里有一列写了两次",
    "empty": "是空的",
    "empty-area": "范围要有代码、多边形或圆",
    "future": "在将来",
    "helper-elsewhere": "帮扶人应是本村有岗的人",
    "implausible": "数值不可信",
    "malformed": "一行应是一个对象",
    "missing": "缺这一项",
    "missing-column": "缺列",
    "missing-field": "没有值（没有数据不等于零）",
    "namespace": "不是 CAP 1.2 的命名空间",
    "not-a-number": "不是数",
    "not-finite": "不是有限的数",
    "not-in-list": "不在可用的词里",
    "not-text": "这一项只能是文字",
    "out-of-scope": "测站是别的来源的",
    "real-phone": "标为编造的行里是拨得通的号码",
    "repeated": "这一项只能出现一次",
    "schema": "不合 CAP 1.2 的结构",
    "self-reference": "引用了自己",
    "synthetic-kept": "编造的仍是编造的：真的要用自己的代码另行录入",
    "synthetic-phone": "编造的号码，而这一行没有标为编造",
    "too-long": "太长或太多",
    "too-old": "早于 30 天前",
    "too-precise": "小数位太多",
    "too-short": "太短或太少",
    "unknown-column": "有几列没有程序读，按序号",
    "unknown-element": "没有这个要素",
    "unknown-field": "没有这一项",
    "unknown-form": "既不是 CAP 也不是 12379 预警",
    "unknown-parent": "上级不在文件里也不在通讯录里，或没有收",
    "unknown-person": "这个人不在文件里也不在通讯录里",
    "unknown-place": "这个地方不在文件里也不在通讯录里",
    "unknown-risk-point": "这个隐患点不在文件里也不在通讯录里",
    "unknown-station": "测站没有登记",
    "wrong-kind": "雨量站没有水位",
    "wrong-level": "通讯录里这个代码是另一级的",
    "wrong-parent": "不能在这个上级之下",
    "wrong-role": "这一级没有这个角色",
    "wrong-type": "类型不对",
    "wrong-width": "格数与表头不同",
}
"""By the code of a fault: of a field of a message, of a row of measurements, of a row of the directory."""


def of_fault(code: str, detail: str) -> str:
    """Return a fault as a sentence without its full stop. ``detail``: the English one."""
    column, listed = _COLUMN.match(detail), _LIST.search(detail)
    words = ""
    if listed:
        lead = "，可用的有" if code in _CHOICES else ""
        words = f"{lead}：{(listed['list'] or listed['words']).replace(', ', '、')}"
    return f"{column[1] + ' ' if column else ''}{CODES.get(code, '不对')}{words}（{code}）"


def of_pointed(fault: Fault) -> str:
    """Return a fault of a body, with where it is."""
    return f"{fault.pointer} {of_fault(fault.code, fault.detail)}".strip()


def of_error(error: JiaoyingError) -> str:
    """Return an error, with where in the text it is and every fault, without a full stop."""
    spot = _SPOT.search(error.detail)
    parts = (("line", "行"), ("column", "列"), ("byte", "字节")) if spot else ()
    where = "".join(f"第 {spot[name]} {word}" for name, word in parts if spot and spot[name])
    where = f"（{where}）" if where else ""
    faults = "；".join(map(of_pointed, error.errors))
    return f"{ERRORS.get(error.code, '做不成')}{where}{'：' if faults else ''}{faults}"


def of_scheme(text: str) -> str:
    """Return a fault of the configuration without what its readers (YAML, pydantic) say in English."""
    for pattern, ours in _SCHEME:
        text = pattern.sub(ours, text)
    said, only, listed = text.partition("只能是 ")
    return f"{said}{only}{listed.replace(chr(39), '').replace(', ', '、').replace(' or ', ' 或 ')}"
