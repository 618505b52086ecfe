"""Two import contracts that import-linter has no words for: they also hold for rooms that do not exist yet.

`tables`: only the room that owns a table writes it. `app.<room>.tables` is imported by its own room, and by
the readers that the contract names. Foreign keys go by name, so nothing else needs the import.

`adapters`: a vendor is known to its own files. Every module of `app.channels` that is not named as shared is
an adapter, and only `app.channels.registry` imports it. What two adapters of one vendor have in common bears
the vendor's name: `sms_aliyun` and `voice_aliyun` may import `aliyun`.
"""

from collections.abc import Callable
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from typing_extensions import override

Forbidden = Callable[[str, str], bool]


def check(graph: ImportGraph, guarded: set[str], forbidden: Forbidden) -> ContractCheck:
    """Check every import of a guarded module; `forbidden(importer, imported)` says whether it may not be."""
    found = [
        f"{importer} imports {module} (line {detail['line_number']})"
        for module in sorted(guarded)
        for importer in sorted(graph.find_modules_that_directly_import(module))
        if forbidden(importer, module)
        for detail in graph.get_import_details(importer=importer, imported=module)
    ]
    return ContractCheck(kept=not found, metadata={"found": found})


class _Listed(Contract):
    """A contract that prints each import that broke it."""

    @override
    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["found"]:
            output.print_error(line)
        output.new_line()


class TablesContract(_Listed):
    """`readers` are packages that may join across rooms; `app.x.tables` belongs to `app.x`."""

    type_name = "tables"
    readers = fields.ListField(subfield=fields.StringField())

    @override
    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        readers = cast("list[str]", self.readers)  # a field becomes its value when the contract is made

        def forbidden(importer: str, table: str) -> bool:
            allowed = (table.rpartition(".")[0], *readers)
            return not any(importer == home or importer.startswith(f"{home}.") for home in allowed)

        return check(graph, {name for name in graph.modules if name.endswith(".tables")}, forbidden)


class AdaptersContract(_Listed):
    """`shared` are the modules of `room` that are no adapters; only `door` imports the others."""

    type_name = "adapters"
    room = fields.StringField()
    door = fields.StringField()
    shared = fields.ListField(subfield=fields.StringField())

    @override
    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        room, door, shared = str(self.room), str(self.door), cast("list[str]", self.shared)
        open_to_all = {door, *(f"{room}.{name}" for name in shared)}
        if room not in graph.modules:
            return ContractCheck(kept=True, metadata={"found": []})
        adapters = set(graph.find_children(room)) - open_to_all

        def forbidden(importer: str, adapter: str) -> bool:
            of_the_same_vendor = importer in adapters and importer.endswith(f"_{adapter.rpartition('.')[2]}")
            return importer != door and not of_the_same_vendor

        return check(graph, adapters, forbidden)
