"""What a usage record is for a spreadsheet: its columns, and cells that no spreadsheet runs.

Gateway and head office write the same sheet: whoever does the accounts may take either.
"""

from __future__ import annotations

#: The first six are what bookkeepers know from the platforms' own exports; the order is part of the product.
COLUMNS = (
    "时间",
    "券名",
    "核销方式",
    "门店",
    "核销员",
    "实收金额",
    "券类型",
    "券码",
    "核销终端",
    "平台",
    "次数",
    "结果",
    "核销编号",
    "撤销的核销编号",
)
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
#: What stands for all of a code but its tail.
MASK = "****"
#: What a spreadsheet would run as a formula.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def yuan(fen: int | None) -> str:
    """Return an amount of fen in yuan, such as ``12.50``; nothing where no amount was recorded."""
    return "" if fen is None else f"{fen // 100}.{fen % 100:02}"


def masked(code_tail: str | None) -> str:
    """Return a code as records show it; nothing where not even its tail is kept."""
    return MASK + code_tail if code_tail else ""
