"""What an event of the page may carry: checked before Gradio sees it, which would answer with a traceback."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool, StrictInt, StrictStr, ValidationError

if TYPE_CHECKING:
    from gradio.block_function import BlockFunction
    from gradio.blocks import Block

MOST_WAITING = 16  # events of one page that have not ended
LONGEST_TEXT = 20_000  # characters of a text box; a question that is longer than it may be is told so
LONGEST_CONVERSATION = 1_000_000  # characters of a conversation that the browser kept
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_Name = Annotated[StrictStr, Field(max_length=8_000)]  # of a file with its folders, as an address has it
_Index = Annotated[StrictInt, Field(ge=0, le=100_000)]


class EventError(ValueError):
    """An event with data that the page does not send."""


class Event(BaseModel):
    """An event as the page sends it."""

    model_config = ConfigDict(extra="ignore")

    fn_index: StrictInt
    session_hash: Annotated[StrictStr, Field(pattern=r"^[a-z0-9]{1,64}$")]
    data: list[JsonValue]
    event_data: JsonValue = None
    trigger_id: StrictInt | None = None

    def plain(self) -> dict[str, Any]:
        """What Gradio is handed of it: no more than was checked."""
        return self.model_dump()


class _Message(BaseModel):
    """What Gradio sends of a message of the conversation: its place among them."""

    index: _Index | tuple[_Index, _Index]
    value: JsonValue


class _Edited(_Message):
    value: Annotated[StrictStr, Field(max_length=LONGEST_TEXT)]
    previous_value: JsonValue


class _Rated(_Message):
    liked: StrictBool | StrictStr | None = None


class _Passage(BaseModel):
    passage: _Name


class _Source(BaseModel):
    source: _Name


class _Conversation(BaseModel):
    conversation: Annotated[StrictStr, Field(max_length=LONGEST_CONVERSATION)]


class _Id(BaseModel):
    id: Annotated[StrictStr, Field(max_length=64)]


# By the name of the function that takes it; the others look at nothing that comes with the event.
_EVENT_DATA: dict[str, type[BaseModel]] = {
    "retry": _Message,
    "edit": _Edited,
    "like": _Rated,
    "evidence": _Passage,
    "choose": _Source,
    "reopen": _Conversation,
    "export_text": _Conversation,
    "forget": _Id,
}


def read_event(body: bytes, functions: dict[int, BlockFunction], *, queued: bool) -> Event:
    """The event of a request's body.

    Raises:
        EventError: it is none of the page's, or its data are not what the page sends.
    """
    try:
        event = Event.model_validate_json(body)
        function = functions.get(event.fn_index)
        if function is None or function.fn is None or function.queue != queued:
            raise EventError("the page has no such event")
        if wanted := _EVENT_DATA.get(str(function.name)):
            wanted.model_validate(event.event_data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise EventError(f"{place}: {first['msg']}" if place else first["msg"]) from None
    if len(event.data) != len(function.inputs):
        raise EventError(f"data: {len(function.inputs)} values are wanted")
    for number, (component, value) in enumerate(zip(function.inputs, event.data, strict=True)):
        if not _fits(component, value):
            raise EventError(f"data.{number}: not a value of this {component.get_block_name()}")
    return event


def _fits(component: Block, value: Any) -> bool:
    """Whether a value can come from a component of the page."""
    name = component.get_block_name()
    given: Any = component  # its attributes are those of its kind
    if name == "state":  # what is kept here, whatever the page sends
        return value is None
    if name == "textbox":
        return value is None or (isinstance(value, str) and len(value) <= LONGEST_TEXT)
    if name == "slider":
        return (
            isinstance(value, (int, float)) and not isinstance(value, bool) and given.minimum <= value <= given.maximum
        )
    if name == "dropdown":
        values = value if given.multiselect and isinstance(value, list) else [value]
        known = {choice for _, choice in given.choices}
        return value is None or all(
            isinstance(each, str) and len(each) <= 500 and (given.allow_custom_value or each in known)
            for each in values[:LONGEST_TEXT]
        )
    if name == "datetime":
        return value is None or (isinstance(value, str) and (not value or bool(_DAY.fullmatch(value))))
    if name == "dataset":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1000
    if name == "file":
        return value is None or (isinstance(value, list) and all(_is_upload(each, given.file_types) for each in value))
    return False


class _Upload(BaseModel):
    """What the page says of a file that it has uploaded."""

    path: _Name
    orig_name: _Name | None = None
    url: _Name | None = None
    size: StrictInt | None = None
    mime_type: _Name | None = None
    is_stream: Literal[False] = False
    meta: dict[str, Literal["gradio.FileData"]]


def _is_upload(value: Any, suffixes: list[str]) -> bool:
    """Whether a value names a file of a kind that is taken, which Gradio keeps for an upload."""
    from gradio.utils import get_upload_folder

    try:
        path = _Upload.model_validate(value).path
    except ValidationError:
        return False
    return within(path, get_upload_folder()) and os.path.splitext(path)[1].lower() in suffixes  # noqa: PTH122


def within(path: str, folder: str) -> bool:
    """Whether a path lies below a folder, by its name alone, with no detour.

    >>> within("/tmp/up/ab/x.txt", "/tmp/up"), within("/tmp/up/../x.txt", "/tmp/up"), within("/tmp/upper/x", "/tmp/up")
    (True, False, False)
    """
    root = os.path.abspath(folder)  # noqa: PTH100  # resolve() would look at the file
    return "\0" not in path and os.path.normpath(path) == path and path.startswith(root + os.sep)
