"""The page that tools/trace/page.py makes of a trace, in chromium: what it shows, and that it asks for nothing."""

import json
import math
import os
import random
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import devtools  # noqa: E402
import machine  # noqa: E402
import picture  # noqa: E402

LINE = "document.getElementById('{}').textContent"
SETTLED = "!newel.view().moving"


@pytest.fixture(scope="session")
def browser():
    if not devtools.chromium():
        pytest.skip("needs chromium: tools/setup test")
    with devtools.Browser() as running:
        yield running


@pytest.fixture
def show(browser, tmp_path):
    """A function that opens the page of a trace; at the end none of them has complained, or asked for anything."""
    pages = []

    def show(trace, lines=None, command="ls -l /", **how):
        path = tmp_path / f"{len(pages)}.html"
        machine.page.write(trace, path, lines, command, "a test's machine")
        opened = browser.open(path, **how)
        pages.append((opened, f"file://{path}"))
        opened.run("newelOpened.then(() => 0)")
        return opened

    yield show
    for opened, url in pages:
        opened.run("new Promise(done => setTimeout(done, 30))")
        assert opened.said == []
        assert opened.asked == [url]
        opened.close()


def text(page, element):
    return page.run(LINE.format(element))


def box(page, element):
    return page.run(f"(r => [r.left, r.top, r.width, r.height])(document.getElementById('{element}').getBoundingClientRect())")


def row(page, kind, index=0, level=None, depth=None):
    """The middle, in the window, of a core's lane or a task's row (depth 0: its state, then its crossings)."""
    rows = [r for r in page.run("newel.rows()") if r["kind"] == kind and r["index"] == index]
    found = next(r for r in rows if r["level"] == level) if kind == "core" else rows[depth]
    return box(page, "lanes")[1] + 1 + found["y"] + found["high"] / 2


def pixel(page, x, y):
    """The colour of the canvas there, below any text."""
    left, top = box(page, "canvas")[:2]
    return page.run(f"newel.pixel({x - left}, {y - top})")


def colour(page, name):
    probe = (f"(e => (e.style.color = 'var(--{name})', document.body.append(e), "
             "(c => (e.remove(), c))(getComputedStyle(e).color)))(document.createElement('i'))")
    return [int(v) for v in re.findall(r"\d+", page.run(probe))[:3]]


def x_of(page, event):
    return box(page, "lanes")[0] + 1 + page.run(f"newel.x({event})")


# ---- what is drawn ----


def test_lanes_show_each_level(show):
    page = show(machine.trace_of(machine.small()))
    # 1: the fault within the call (event 1 to 2); 7: the smc within wait4 (event 6 is wait4)
    middle = (x_of(page, 0) + x_of(page, 1)) / 2
    assert pixel(page, middle, row(page, "core", level=1)) == colour(page, "c-svc")
    assert pixel(page, middle, row(page, "core", level=0)) != colour(page, "c-user")
    assert pixel(page, (x_of(page, 1) + x_of(page, 2)) / 2, row(page, "core", level=1)) == colour(page, "c-fault")
    assert pixel(page, (x_of(page, 3) + x_of(page, 4)) / 2, row(page, "core", level=0)) == colour(page, "c-user")
    smc = (x_of(page, 7) + x_of(page, 8)) / 2
    assert pixel(page, smc, row(page, "core", level=3)) == colour(page, "c-el3")
    # the task: its state, the call, the fault in the call
    assert pixel(page, middle, row(page, "task", depth=0)) == colour(page, "c-kernel")
    assert pixel(page, (x_of(page, 1) + x_of(page, 2)) / 2, row(page, "task", depth=1)) == colour(page, "c-svc")
    assert pixel(page, (x_of(page, 1) + x_of(page, 2)) / 2, row(page, "task", depth=2)) == colour(page, "c-fault")
    assert page.run("newel.drawn()") > 500


def test_a_call_that_waits(show):
    """A task sleeps in a call, is woken, waits for its core, and goes on: what is shown of it, and of who ran meanwhile."""
    away = (machine.sched(7, 100, 8, "SLEEPS") + machine.call(8, 200, 100) + machine.wake(8, 500, 7) + machine.sched(8, 800, 7, "PREEMPTED"))
    records = machine.call(7, 0, 1000, machine.WRITE, away) + machine.call(7, 1400, 100)
    page = show(machine.trace_of(machine.stream({0: records}, [(7, "reader"), (8, "other")])))
    sleeps, woken, back = ((x_of(page, a) + x_of(page, b)) / 2 for a, b in ((2, 3), (4, 5), (5, 6)))
    first, second = (page.run(f"page.trace.tasks.findIndex(t => t.tid === {tid})") for tid in (7, 8))
    for x, state, call in ((sleeps, "c-sleep", "c-off"), (woken, "c-ready", "c-off"), (back, "c-kernel", "c-svc")):
        assert pixel(page, x, row(page, "task", first, depth=0)) == colour(page, state)
        assert pixel(page, x, row(page, "task", first, depth=1)) == colour(page, call)
    assert pixel(page, sleeps, row(page, "task", second, depth=1)) == colour(page, "c-svc")
    assert pixel(page, back, row(page, "task", second, depth=0)) == colour(page, "c-ready")
    figures = {r["name"]: r["max"] for r in page.run("newel.figures().calls")}
    assert figures == {"write": 16000, "getpid": 1600}
    page.mouse("mouseMoved", sleeps, row(page, "task", first, depth=1))
    page.wait("document.getElementById('tip').textContent.includes('svc write')")
    assert "16 µs" in text(page, "tip")


def test_who_has_ended_waits_for_no_core(show):
    """Who woke it writes that down when it may have run and ended meanwhile, on another core."""
    records = machine.call(7, 0, 100) + machine.sched(7, 200, 8, "ENDED") + machine.wake(8, 400, 7) + machine.call(8, 800, 100)
    page = show(machine.trace_of(machine.stream({0: records}, [(7, "child"), (8, "parent")])))
    child = page.run("page.trace.tasks.findIndex(t => t.tid === 7)")
    assert pixel(page, (x_of(page, 3) + x_of(page, 4)) / 2, row(page, "task", child, depth=0)) != colour(page, "c-ready")


def test_a_task_has_its_last_name(show):
    """The stream's list of tasks may have been made before it ran another program."""
    records = machine.call(7, 0, 100) + machine.sched(7, 200, 8, "SLEEPS", "before") + machine.sched(8, 300, 7, "SLEEPS", "after")
    page = show(machine.trace_of(machine.stream({0: records}, [(7, "before"), (8, "listed")])))
    assert page.run("page.trace.tasks.map(t => t.comm)") == ["after", "before"]


def test_what_el2_tells_of_itself(show):
    """A note within the kernel's own call, one of a trap that the kernel did not see coming, and word of lost ones."""
    records = (machine.call(7, 0, 1000, machine.WRITE, machine.level(7, 300, 200, 1)) + machine.level(7, 2000, 1000, 2, fn=0) +
               machine.level(7, 4000, 0, 3) + machine.call(7, 5000, 100))
    page = show(machine.trace_of(machine.stream({0: records}, [(7, "ls")])))
    note = x_of(page, 1) + (x_of(page, 2) - x_of(page, 1)) * 0.1
    assert pixel(page, note, row(page, "core", level=2)) == colour(page, "c-el2")
    assert pixel(page, note, row(page, "core", level=1)) != colour(page, "c-svc")
    trap = x_of(page, 3) + (x_of(page, 4) - x_of(page, 3)) / 4
    assert pixel(page, trap, row(page, "core", level=2)) == colour(page, "c-el2")
    assert pixel(page, trap, row(page, "core", level=0)) != colour(page, "c-user")
    behind = x_of(page, 3) + (x_of(page, 4) - x_of(page, 3)) * 3 / 4
    assert pixel(page, behind, row(page, "core", level=0)) == colour(page, "c-user")
    told = [r for r in page.run("newel.figures().calls") if r["kind"] == "el2"]
    assert sorted(r["max"] for r in told) == [3200, 16000]


def test_all_rows_of_a_large_trace_are_filled(show):
    trace = machine.synthetic_trace(5000)
    page = show(trace)
    rows = page.run("newel.rows()")
    assert {r["index"] for r in rows if r["kind"] == "core"} == set(range(len(trace.cores())))
    for core in range(len(trace.cores())):
        assert sum(r["n"] for r in rows if r["kind"] == "core" and r["index"] == core) > 1000
    tasks = {r["index"] for r in rows if r["kind"] == "task"}
    assert len(tasks) >= len({pid for pid in trace.events.pid if pid})
    assert page.run("newel.events") == len(trace.events)


@pytest.mark.parametrize("width,height", [(1280, 800), (1000, 700), (420, 900)])
def test_nothing_stands_beside_the_window(show, width, height):
    page = show(machine.synthetic_trace(2000), width=width, height=height)
    assert page.run("document.documentElement.scrollWidth") <= width
    for element in ("find", "theme", "keys", "lanes", "panel"):
        left, _, wide, high = box(page, element)
        assert left >= 0 and left + wide <= width and high > 0
    assert page.run("[...document.querySelectorAll('table')].filter(t => t.offsetParent)"
                    ".every(t => t.getBoundingClientRect().right <= t.parentNode.getBoundingClientRect().right - 12)")


def contrast(a, b):
    def light(rgb):
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_themes_can_be_read(show, dark):
    page = show(machine.trace_of(machine.small()), dark=dark)
    ground = colour(page, "ground")
    assert (sum(ground) < 128) == dark
    for ink in ("text", "quiet", "accent", "el0", "el1", "el2", "el3"):
        assert contrast(colour(page, ink), ground) >= 4.5, ink
    for cls, ink in (("user", "on"), ("svc", "on"), ("irq", "on"), ("kernel", "on"), ("el2", "on"), ("el3", "on"), ("fault", "fault")):
        assert contrast(colour(page, "c-" + cls), colour(page, "ink-" + ink)) >= 4.5, cls
    page.key("t")  # from the system's theme to the light one
    assert page.run("document.documentElement.style.colorScheme") == "light"
    assert sum(colour(page, "ground")) > 700


# ---- what is told of an event ----


def test_hover_tells_the_event(show):
    trace = machine.trace_of(machine.small())
    page = show(trace)
    page.mouse("mouseMoved", (x_of(page, 1) + x_of(page, 2)) / 2, row(page, "task", depth=2))
    page.wait("!document.getElementById('tip').hidden")
    said = text(page, "tip")
    assert "fault DABT (current EL)" in said and "6.4 µs" in said and "EL1 → EL1, ls (task 7), core 0" in said
    assert "Within: svc write" in said and "esr=0x96000047" in said and "FAR: 0x412000" in said and "data abort" in said
    page.mouse("mouseMoved", (x_of(page, 3) + x_of(page, 4)) / 2, row(page, "core", level=0))
    page.wait("document.getElementById('tip').textContent.includes('at EL0')")
    page.mouse("mouseMoved", 5, 5)
    page.wait("document.getElementById('tip').hidden")


def test_click_shows_all_of_it(show):
    trace = machine.trace_of(machine.small())
    lines = [f"the line of event {i} esr=0x56000000" for i in range(len(trace.events))]
    page = show(trace, lines)
    page.click((x_of(page, 0) + x_of(page, 1)) / 2, row(page, "task", depth=1))
    page.wait("document.getElementById('page-event').textContent.includes('svc write')")
    said = text(page, "page-event")
    assert "the line of event 0" in said and "the line of event 3" in said and "16 µs" in said
    assert page.run("newel.chosen()") == 0
    page.key(".")  # the next event of the task: the fault
    page.wait("newel.chosen() === 1")
    page.key(",")
    page.wait("newel.chosen() === 0")
    page.key("Escape")
    page.wait("newel.chosen() === null")


# ---- figures ----


def stays(trace):
    """[(event, ns or None)] of all entries, from the model's tracks."""
    e, end = trace.events, {}
    for event, ret in zip(trace.tracks.event, trace.tracks.ret):
        if event >= 0:
            end.setdefault(event, None)
            if ret >= 0:
                end[event] = e.ns[ret] - e.ns[event]
    for event in list(end):
        if e.kind[event] == machine.layout.LEVEL:
            end[event] = max(0, e.since[event] - e.ns[event])
    return sorted(end.items())


def expected(groups):
    out = {}
    for key, times in groups.items():
        known = sorted(t for t in times if t is not None)
        out[key] = {"count": len(times)}
        if known:
            at = lambda part, known=known: known[max(0, math.ceil(part * len(known)) - 1)]  # noqa: E731
            out[key] |= {"min": at(0), "median": at(0.5), "p99": at(0.99), "max": known[-1], "total": sum(known)}
    return out


def given(rows, key):
    return {key(r): {k: r[k] for k in ("count", "min", "median", "p99", "max", "total") if r.get(k) is not None and (k != "total" or r[k])}
            for r in rows}


def test_figures_are_those_of_the_model(show):
    trace = machine.synthetic_trace(6000)
    page, e = show(trace), trace.events
    calls, crossings, longest = {}, {}, []
    for event, ns in stays(trace):
        if e.kind[event] == machine.layout.SVC:
            calls.setdefault(machine.layout.syscalls()[e.nr[event]], []).append(ns)
        crossings.setdefault((e.levels[event] & 3, e.levels[event] >> 4, e.kind[event]), []).append(ns)
        if ns is not None:
            longest.append(ns)
    figures = page.run("newel.figures()")
    assert given([r for r in figures["calls"] if r["kind"] == "svc"], lambda r: r["name"]) == expected(calls)
    kinds = {"svc": 1, "fault": 2, "irq": 3, "hvc": 5, "smc": 5, "el2": 7, "el3": 7, "guest": machine.layout.GUEST}
    by_crossing = given(figures["crossings"], lambda r: (int(r["name"][2]), int(r["name"][8]), kinds[r["kind"]]))
    assert by_crossing == expected(crossings)
    assert [one["ns"] for one in figures["longest"][""]] == sorted(longest, reverse=True)[:10]
    for call in figures["calls"]:
        assert sum(call["histogram"]["counts"]) <= call["count"]
    shown = page.run("[...document.querySelectorAll('#page-calls tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    assert len(shown) == len(figures["calls"])
    assert {r[0]: int(r[1].replace(",", "")) for r in shown if r[0] in calls} == {k: len(v) for k, v in calls.items()}


def test_figures_of_a_selection_and_of_what_is_seen(show):
    page = show(machine.trace_of(machine.small()))
    top = box(page, "lanes")[1] + 12
    page.drag(x_of(page, 0) - 3, top, x_of(page, 5), top)  # on the scale: the write, the fault in it
    page.wait("newel.view().range !== null")
    page.wait("newel.figures().last === 5")
    assert {r["name"]: r["count"] for r in page.run("newel.figures().calls")} == {"write": 1, "DABT (current EL)": 1, "DABT (lower EL)": 1}
    assert page.run("document.getElementById('scope-range').getAttribute('aria-pressed')") == "true"
    page.key("f")
    page.wait(SETTLED)
    view = page.run("newel.view()")
    assert abs(view["from"] - view["range"][0]) < 1 and abs(view["to"] - view["range"][1]) < 1
    page.key("Escape")
    page.run("document.getElementById('scope-view').click()")
    page.wait("newel.figures().last < 9")
    page.key("0")
    page.wait("newel.figures().last === newel.events")


def test_the_longest_are_jumped_to(show):
    trace = machine.synthetic_trace(5000)
    page = show(trace)
    page.run("document.getElementById('tab-longest').click()")
    assert page.run("document.querySelectorAll('#page-longest li').length") == 10
    page.run("document.querySelector('#page-longest li button').click()")
    page.wait(SETTLED)
    first = page.run("newel.figures().longest[''][0]")
    view = page.run("newel.view()")
    first["at"] = trace.events.ns[first["i"]] - trace.events.ns[0]
    assert page.run("newel.chosen()") == first["i"]
    assert view["from"] <= first["at"] and view["to"] >= first["at"] + first["ns"]


# ---- moving about ----


def view_of(page):
    page.wait(SETTLED)
    view = page.run("newel.view()")
    return view["from"], view["to"] - view["from"], view["span"]


def test_wheel_drag_and_keys_move(show):
    page = show(machine.synthetic_trace(3000))
    left, top, wide, high = box(page, "lanes")
    x, y = left + wide / 2, top + high / 2
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-400)
    start, size, span = view_of(page)
    assert size < span and start > 0
    page.drag(x, y, x - 100, y)
    moved, same, _ = view_of(page)
    assert moved > start and abs(same - size) < 1
    page.mouse("mouseWheel", x, y, deltaX=80, deltaY=0)
    assert view_of(page)[0] > moved
    for key, test in (("+", lambda a, b: b[1] < a[1]), ("-", lambda a, b: b[1] > a[1]), ("w", lambda a, b: b[1] < a[1]),
                      ("s", lambda a, b: b[1] > a[1]), ("ArrowLeft", lambda a, b: b[0] < a[0]), ("ArrowRight", lambda a, b: b[0] > a[0]),
                      ("a", lambda a, b: b[0] < a[0]), ("d", lambda a, b: b[0] > a[0]), ("0", lambda a, b: b[1] == b[2])):
        before = view_of(page)
        page.key(key)
        page.wait("new Promise(requestAnimationFrame).then(() => true)")
        assert test(before, view_of(page)), key
    page.key("ArrowDown")
    page.wait("document.getElementById('lanes').scrollTop > 0")
    page.key("?")
    assert page.run("document.getElementById('help').open")
    page.key("Escape")
    page.wait("!document.getElementById('help').open")


def test_it_glides(show):
    """In several frames, to where it would have jumped; for who wants no motion, at once (the other tests)."""
    page = show(machine.synthetic_trace(2000), still=False)
    before = page.run("newel.frames().count")
    page.key("+")
    _, size, span = view_of(page)
    assert abs(size * 1.5 - span) < 2
    assert page.run("newel.frames().count") - before > 4


def test_two_fingers_zoom(show):
    page = show(machine.synthetic_trace(3000))
    page.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
    left, top, wide, high = box(page, "lanes")
    x, y = left + 400, top + high / 2

    def touch(kind, *at):
        page.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": one, "y": y, "id": k} for k, one in enumerate(at)])

    touch("touchStart", x - 20, x + 20)
    for by in (40, 80, 120):
        touch("touchMove", x - by, x + by)
    touch("touchEnd")
    _, size, span = view_of(page)
    assert span / 8 < size < span / 4
    assert wide > 500


def test_tab_reaches_all(show):
    page = show(machine.synthetic_trace(2000))
    page.run("document.activeElement.blur()")
    seen = []
    for _ in range(14):
        page.key("Tab")
        seen.append(page.run("document.activeElement.id"))
    for wanted in ("find", "theme", "keys", "lanes", "tab-calls", "scope-all"):
        assert wanted in seen
    assert page.run("[...document.querySelectorAll('button, input')].every(e => e.getAttribute('aria-label') || e.textContent.trim())")
    page.run("document.getElementById('tab-calls').focus()")
    page.key("ArrowRight")
    assert page.run("document.activeElement.id") == "tab-crossings"
    assert not page.run("document.getElementById('page-crossings').hidden")


# ---- the search ----


def test_search_counts_and_goes_from_find_to_find(show):
    trace = machine.synthetic_trace(3000)
    lines = [f"event {i} {'NEEDLE' if i % 100 == 7 else 'hay'}" for i in range(len(trace.events))]
    page = show(trace, lines)
    page.key("/")
    page.wait("document.activeElement.id === 'find'")
    page.type("needle")
    want = len([i for i in range(len(lines)) if i % 100 == 7])
    page.wait(f"newel.found().done && newel.found().count === {want}")
    assert text(page, "found") == str(want)
    page.key("Enter")
    page.wait("newel.chosen() === 7")
    assert text(page, "found") == f"1 of {want}"
    page.key("Enter")
    page.wait("newel.chosen() === 107")
    page.key("Enter", modifiers=8)
    page.wait("newel.chosen() === 7")
    page.key("Enter", modifiers=8)
    page.wait(f"newel.chosen() === {max(i for i in range(len(lines)) if i % 100 == 7)}")
    page.key("Escape")
    page.wait("newel.found().count === 0")


def test_zoom_to_an_event_scrolls_to_its_task(show):
    """It was chosen on a core's lane; its task stands far below."""
    records = sum((machine.call(pid, 200 * pid, 100) + machine.sched(pid, 200 * pid + 150, pid + 1, "ENDED") for pid in range(1, 60)), [])
    page = show(machine.trace_of(machine.stream({0: records})))
    last = len(records) - 3
    page.click(sum(x_of(page, i) for i in (last, last + 1)) / 2, row(page, "core", level=1))
    page.wait(f"newel.chosen() === {last}")
    assert page.run("document.getElementById('lanes').scrollTop") == 0
    page.key("f")
    page.wait("document.getElementById('lanes').scrollTop > 500")
    assert 0 < row(page, "task", page.run(f"page.trace.task[{last}]"), depth=0) < page.run("innerHeight")


def test_an_interrupt_is_named_once(show):
    irq = [machine.frames.record(machine.layout.IRQ, 1100, 7, machine.SAME, 5, elr=0x400098, nr=27),
           machine.frames.record(machine.layout.RETURN, 1200, 7, machine.SAME, elr=0x400098, since=1100, nr=27, cause=machine.layout.IRQ)]
    page = show(machine.trace_of(machine.stream({0: machine.call(7, 0, 300, inside=irq)}, [(7, "ls")])))
    page.click(sum(x_of(page, i) for i in (1, 2)) / 2, row(page, "core", level=1))
    page.wait("document.getElementById('page-event').textContent.includes('irq 27')")
    assert "irq irq" not in text(page, "page-event")


def test_search_finds_names_and_tasks(show):
    trace = machine.synthetic_trace(3000)
    page, e = show(trace, [""] * len(trace.events)), trace.events
    page.run("page.find('svc futex')")
    entries = [i for i in range(len(e)) if e.kind[i] == machine.layout.SVC and machine.layout.syscalls()[e.nr[i]] == "futex"]
    assert len(entries) <= page.run("newel.found().count") <= 2 * len(entries)
    page.run("page.find('levels 103')")
    assert page.run("newel.found().count") == sum(pid == 103 for pid in e.pid)
    page.run("page.find('nothing is called so')")
    assert page.run("newel.found().count") == 0 and text(page, "found") == "0"


# ---- traces of other kinds ----


def test_an_empty_trace(show):
    page = show(machine.trace_of(b""), command="")
    assert page.run("newel.events") == 0
    assert "no end" in text(page, "lost")
    assert "No crossing" in text(page, "page-calls")
    for key in ("+", "d", ".", "n", "f", "0"):
        page.key(key)
    page.wait(SETTLED)
    page.mouse("mouseMoved", 400, 400)


@pytest.mark.parametrize("kinds, said", [("all,args,ring", ""), ("none", ""), ("svc,fault,args", "recorded: only svc, fault")])
def test_what_was_not_asked_for_is_said(kinds, said):
    """Between two crossings the lanes show what these two say: who looks must know that others were left out."""
    stream = machine.stream({0: machine.call(7, 0, 100)}, [(7, "ls")], [("kinds", kinds), ("filters", "some")])
    facts = machine.page.facts(machine.trace_of(stream), 1600, "QEMU, 4 cores")
    assert facts[0] == "QEMU, 4 cores" and "1 core" not in facts and facts[-1] == "filtered"
    assert [fact for fact in facts if fact.startswith("recorded")] == ([said] if said else [])


def test_what_was_lost_is_said(show):
    records = machine.call(7, 100, 50) + machine.call(7, 300, 50)
    page = show(machine.trace_of(machine.stream({0: records}, [(7, "ls")], end="cpu 0 written 104 lost 100\n")))
    assert "cpu0: 100 of 104 records overwritten before they were read" in text(page, "lost")
    assert not page.run("document.getElementById('lost').hidden")
    whole = show(machine.trace_of(machine.stream({0: records}, [(7, "ls")])))
    assert whole.run("document.getElementById('lost').hidden")


def test_ends_that_are_lost_do_not_count_as_latencies(show):
    records = machine.call(7, 0, 100)[:1] + machine.call(7, 500, 100) + machine.call(7, 900, 100)[1:]
    page = show(machine.trace_of(machine.stream({0: records}, [(7, "ls")])))
    figures = page.run("newel.figures().calls.find(r => r.name === 'getpid')")
    assert figures["count"] == 2 and figures["max"] == figures["min"] == 1600


def test_a_trace_of_an_hour(show):
    """Times of more than 32 bits."""
    hour = 3600 * machine.HZ
    records = machine.call(7, 0, 100) + machine.call(7, hour // 2, 200, machine.WRITE) + machine.call(7, hour, 400)
    page = show(machine.trace_of(machine.stream({0: records}, [(7, "ls")])))
    assert page.run("newel.view().span") == 3600 * 10**9 + 6400
    figures = {r["name"]: (r["min"], r["max"]) for r in page.run("newel.figures().calls")}
    assert figures == {"getpid": (1600, 6400), "write": (3200, 3200)}


@pytest.mark.parametrize("seed", range(3))
def test_forged_records_do_no_harm(show, seed):
    """Whole frames with anything in them: kinds that do not exist, times from everywhere, ends without beginnings."""
    rng = random.Random(seed)
    kinds, edge = list(machine.layout.KINDS), [0, 1, 7, 1000, 1 << 31, (1 << 32) - 1, 1 << 62, (1 << 64) - 1]
    cores = {}
    for cpu in range(3):
        records = []
        for _ in range(400):
            kind = machine.layout.KINDS[rng.choice(kinds)]
            record = bytearray(rng.randbytes(kind.size))
            at = rng.choice(edge) if rng.random() < 0.05 else 1000 + rng.randrange(1 << 24)
            machine.layout.HEAD.pack_into(record, 0, at, rng.choice((0, 7, 8, 9, -1, 1 << 30)),
                                          kind.number if rng.random() < 0.95 else rng.randrange(256), kind.size // 8,
                                          rng.choice((0x10, 0x01, 0x11, 0x31, 0x13, rng.randrange(64))), rng.randrange(32))
            records.append(bytes(record))
        cores[cpu] = records
    trace = machine.trace_of(machine.stream(cores, [(7, "seven"), (8, "eight")]))
    page = show(trace)
    assert page.run("newel.events") == len(trace.events) > 1000
    for key in ("+", "+", "d", ".", ".", ",", "f", "0"):
        page.key(key)
    page.run("page.find('seven')")
    for x in range(200, 700, 100):
        page.mouse("mouseMoved", x, row(page, "core", level=1))


HOSTILE = "</script><script>window.owned = 1</script><img src=x onerror=owned=1> '\"` \u2028\u2029 \u202eevil\u202c \x00\x1b[31m\x7f &lt; ${owned=1} @script@"


def test_hostile_texts_stay_texts(show):
    comm = "</script><b>\u202e\"'"
    trace = machine.trace_of(machine.small(comm))
    trace.info["machine"] = trace.info["release"] = HOSTILE
    page = show(trace, [HOSTILE + f" {i} </pre>\n<script>owned=1</script>" for i in range(len(trace.events))], HOSTILE)
    assert page.run("typeof owned") == "undefined"
    assert page.run("document.scripts.length") == 4
    title = page.run("document.title")
    assert "</script><script>window.owned = 1</script>" in title
    for element in ("title", "about"):
        said = text(page, element)
        assert "onerror" in said and "\\u202e" in said and "@script@" in said
        assert not any(ord(c) < 32 or c in "\u2028\u2029\u202e\u202c\x7f" for c in said)
    page.click((x_of(page, 0) + x_of(page, 1)) / 2, row(page, "task", depth=1))
    page.wait("document.getElementById('page-event').textContent.includes('</pre>')")
    assert "<b>\\u202e\"'" in text(page, "page-event")
    page.mouse("mouseMoved", (x_of(page, 0) + x_of(page, 1)) / 2 + 2, row(page, "task", depth=1))
    page.wait("!document.getElementById('tip').hidden")
    page.run("page.find('onerror')")
    assert page.run("newel.found().count") == len(trace.events)
    assert page.run("typeof owned") == "undefined"
    assert page.run("document.querySelectorAll('b, img').length") <= 1  # the tip's own


def test_the_policy_refuses_every_request(show, browser, tmp_path):
    show(machine.trace_of(machine.small()))
    path = tmp_path / "policy.html"
    machine.page.write(machine.trace_of(machine.small()), path)
    page = browser.open(path)
    page.run("newelOpened.then(() => 0)")
    refused = page.run("""(async () => {
        const seen = [];
        document.addEventListener('securitypolicyviolation', event => seen.push(event.effectiveDirective));
        await fetch('http://127.0.0.1:9/').catch(() => 0);
        new Image().src = 'http://127.0.0.1:9/x.png';
        const link = document.head.appendChild(document.createElement('link'));
        link.rel = 'stylesheet';
        link.href = 'http://127.0.0.1:9/x.css';
        document.body.append(document.createElement('iframe'));
        document.querySelector('iframe').src = 'http://127.0.0.1:9/';
        try { document.body.innerHTML = '<p>'; } catch (error) { seen.push(error.name); }
        await new Promise(done => setTimeout(done, 300));
        return seen;
    })()""")
    assert {"connect-src", "img-src", "style-src-elem", "frame-src", "TypeError"} <= set(refused)
    page.close()


def test_the_file_holds_no_address():
    """Nothing in what we write can be followed: no address but that of SVG's name space, in a file of any trace."""
    text = machine.page.html_of(machine.trace_of(machine.small()))
    assert set(re.findall(r"https?://[^\s'\"]+", text)) == {"http://www.w3.org/2000/svg"}
    about = re.search(r'id="data">(.*?)</script>', text).group(1)
    assert json.loads(about)["events"] == 14


# ---- the picture in the documentation ----


def test_the_picture_is_of_this_page(browser, tmp_path):
    """docs/trace.png was taken of these sources; tests/page/picture.py takes it anew."""
    picture.take(browser, tmp_path / "trace.png")
    assert (tmp_path / "trace.png").stat().st_size > 30_000
    with open(picture.HASH, encoding="utf-8") as f:
        assert f.read().strip() == machine.page.sources_hash(), "the page has changed: run tests/page/picture.py"
