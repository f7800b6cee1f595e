/*
 * rows.js - what is drawn, made of the events in one pass: for each core four rows, one a level, of
 * which exactly one is filled at any time; for each task a row of its state, and below it a row for
 * each depth to which its crossings nest.
 *
 * A row holds intervals that do not overlap, in the order of time.  Above them stands a tree of
 * sums, eight to one, so that a row is drawn in time that goes by its pixels, never by its events.
 *
 * A moment is an event's index, that index with ENDS when the end of a WHOLE is meant, or NONE: the
 * end of the trace.
 */

const ENDS = 0x80000000;
const FAN = 8;
const SLICE = 40000; // events between two chances for the browser to draw

/* What an interval is drawn as; the page's colours have these names (page.css: --c-...). */
const CLASSES = ['idle', 'user', 'svc', 'fault', 'irq', 'kernel', 'el2', 'el3', 'off', 'ready', 'sleep',
	'guest'];
const C = Object.fromEntries(CLASSES.map((name, i) => [name, i]));

/* A typed array that grows. */
class Growing {
	constructor(type) {
		this.items = new type(64);
		this.n = 0;
	}

	push(value) {
		if (this.n === this.items.length) {
			const more = new this.items.constructor(2 * this.n);
			more.set(this.items);
			this.items = more;
		}
		this.items[this.n++] = value;
	}

	done() { return this.items.slice(0, this.n); }
}

class Row {
	constructor(trace, nests = false) {
		this.trace = trace;
		this.nests = nests; // of one depth of a task's crossings
		this.n = 0;
		this.a = new Growing(Uint32Array); // the moment it begins
		this.b = new Growing(Uint32Array); // and ends
		this.ref = new Growing(Uint32Array); // the crossing that it belongs to, or NONE
		this.cls = new Growing(Uint8Array);
	}

	begin(moment, cls, ref) {
		this.a.push(moment);
		this.b.push(NONE);
		this.cls.push(cls);
		this.ref.push(ref);
		this.n++;
	}

	/* The last interval ends. */
	finish(moment) { this.b.items[this.n - 1] = moment; }

	when(moment) {
		if (moment === NONE)
			return this.trace.end;
		if (moment >= ENDS)
			return this.trace.time(moment - ENDS) + this.trace.mate[moment - ENDS];
		return this.trace.time(moment);
	}

	start(i) { return this.when(this.a[i]); }
	stop(i) { return this.when(this.b[i]); }

	/*
	 * No more intervals: build the sums.  kinds: the classes that occur; sums[l]: of level l
	 * + 1.
	 */
	seal() {
		for (const name of ['a', 'b', 'ref', 'cls'])
			this[name] = this[name].done();
		this.kinds = [...new Set(this.cls)].sort((x, y) => x - y);
		const place = new Uint8Array(CLASSES.length), wide = this.kinds.length;
		this.kinds.forEach((cls, k) => { place[cls] = k; });
		this.place = place;
		this.sums = [];
		let count = Math.ceil(this.n / FAN);
		let sums = new Float32Array(count * wide);
		for (let i = 0; i < this.n; i++)
			sums[(i >> 3) * wide + place[this.cls[i]]] += this.stop(i) - this.start(i);
		this.sums.push(sums);
		while (count > 1) {
			const above = new Float32Array(Math.ceil(count / FAN) * wide);
			for (let i = 0; i < count; i++)
				for (let k = 0; k < wide; k++)
					above[(i >> 3) * wide + k] += sums[i * wide + k];
			this.sums.push(above);
			count = Math.ceil(count / FAN);
			sums = above;
		}
	}

	/* The last interval that begins at this time or before it; -1: none. */
	at(time) {
		let low = 0, high = this.n;
		while (low < high) {
			const mid = low + high >>> 1;
			if (this.start(mid) <= time)
				low = mid + 1;
			else
				high = mid;
		}
		return low - 1;
	}
}

/* A task's crossings that have not ended, its state, and its rows. */
class TaskRows {
	constructor(trace) {
		this.trace = trace;
		this.stack = [];
		this.state = new Row(trace);
		this.now = -1; // class of the state, -1: none
		this.depths = [];
		this.off = false; // it is on no core
		this.gone = false; // it has ended
		this.marks = new Growing(Uint32Array); // events that are no crossings, nor changes of task
		this.first = NONE;
		this.events = 0;
	}

	become(cls, moment) {
		if (this.now === cls)
			return;
		if (this.now >= 0)
			this.state.finish(moment);
		if (cls >= 0)
			this.state.begin(moment, cls, NONE);
		this.now = cls;
	}

	row(depth) {
		while (this.depths.length <= depth)
			this.depths.push(new Row(this.trace, true));
		return this.depths[depth];
	}

	enter(i, cls) {
		this.row(this.stack.length).begin(i, cls, i);
		this.stack.push(i);
	}

	/*
	 * Crossing `entry` is over at event i, and with it what was inside it and lost its own
	 * end.
	 */
	leave(entry, i) {
		const at = this.stack.lastIndexOf(entry);
		if (at < 0)
			return;
		while (this.stack.length > at) {
			this.stack.pop();
			this.depths[this.stack.length].finish(i);
		}
	}

	/* From event i on the task is off its core, or on one again: its open crossings show it. */
	carry(off, i) {
		if (this.off === off)
			return;
		this.off = off;
		this.stack.forEach((entry, depth) => {
			const { trace } = this, row = this.depths[depth];
			row.finish(i);
			row.begin(i, off ? C.off : classOf(trace.to(entry), trace.kind(entry)), entry);
		});
	}

	leaveAll(i) {
		if (this.stack.length)
			this.leave(this.stack[0], i);
	}

	top() { return this.stack.length ? this.stack[this.stack.length - 1] : NONE; }
}

/* Where a core is: which level, what for, and whose. */
class CoreRows {
	constructor(trace) {
		this.levels = [0, 1, 2, 3].map(() => new Row(trace));
		this.level = -1;
		this.cls = this.ref = -1;
		this.task = -1;
	}

	go(level, cls, ref, moment) {
		if (level === this.level && cls === this.cls && ref === this.ref)
			return;
		if (this.level >= 0)
			this.levels[this.level].finish(moment);
		this.levels[level].begin(moment, cls, ref);
		this.level = level;
		this.cls = cls;
		this.ref = ref;
	}
}

/* The class of a stay at this level for a crossing of this kind. */
function classOf(level, kind) {
	if (kind === 'guest') // its own EL0 and EL1
		return C.guest;
	if (level > 1)
		return level === 2 ? C.el2 : C.el3;
	if (level === 0)
		return C.user;
	return C[kind] === undefined ? C.kernel : C[kind];
}

class Builder {
	constructor(trace) {
		this.trace = trace;
		this.tasks = trace.tasks.map(() => new TaskRows(trace));
		this.cores = Array.from({ length: trace.about.cores }, () => new CoreRows(trace));
	}

	/*
	 * Core and task go on as the task's innermost crossing says, or at this level without
	 * one.
	 */
	settle(core, task, level, moment) {
		const trace = this.trace, rows = this.tasks[task], top = rows.top();
		const idle = trace.tasks[task].idle && top === NONE;
		if (level && top !== NONE)
			level = trace.to(top);
		const guest = top !== NONE && trace.kind(top) === 'guest';
		const cls = idle ? C.idle : top === NONE || (!level && !guest) ? classOf(level, '')
			: classOf(level, trace.kind(top));
		core.go(level, cls, level || guest ? top : NONE, moment);
		core.task = task;
		rows.become(idle ? C.idle : guest ? C.guest : level ? C.kernel : C.user, moment);
	}

	/* Another task on this core, though nothing told of the change. */
	arrive(core, task, i) {
		if (core.task >= 0 && core.task !== task) {
			this.tasks[core.task].become(-1, i);
			this.tasks[core.task].carry(true, i);
		}
		core.task = task;
		this.tasks[task].carry(false, i);
	}

	single(i, core, task) {
		const trace = this.trace, { kind, then } = trace.names[trace.name[i]];
		const other = trace.mate[i];
		if (kind === 'sched') {
			const rows = this.tasks[task];
			rows.become(C[then] ?? -1, i);
			rows.gone = then === 'gone';
			if (rows.gone)
				rows.leaveAll(i);
			else if (task !== other)
				rows.carry(true, i);
			core.task = -1;
			if (other !== NONE) {
				this.arrive(core, other, i);
				this.settle(core, other, 1, i);
			}
		} else if (kind === 'exit') {
			this.tasks[task].leaveAll(i);
		} else if ((kind === 'wake' || kind === 'fork') && other !== NONE) {
			const woken = this.tasks[other];
			if (kind === 'fork') // the number may have been another's before
				woken.gone = false;
			if (!woken.gone && (woken.now === C.sleep || woken.now < 0))
				woken.become(C.ready, i);
		}
	}

	event(i) {
		const trace = this.trace, core = this.cores[trace.core[i]], task = trace.task[i];
		const rows = this.tasks[task], role = trace.role(i), guest = trace.kind(i) === 'guest';
		/* Out of a guest: through EL2 to the kernel, which no record tells. */
		const to = guest && role === END ? 1 : trace.to(i);
		rows.events++;
		if (rows.first === NONE)
			rows.first = i;
		if (core.level < 0 && !trace.from(i) && !guest) // a program ran there before the first event
			core.go(0, C.user, NONE, 0);
		this.arrive(core, task, i);
		if (role === BEGIN) {
			if (!trace.from(i)) // from EL0: what is still open has lost its end
				rows.leaveAll(i);
			rows.enter(i, classOf(to, trace.kind(i)));
			this.settle(core, task, to, i);
		} else if (role === END) {
			if (trace.mate[i] !== NONE)
				rows.leave(trace.mate[i], i);
			if (!to)
				rows.leaveAll(i);
			this.settle(core, task, to, i);
		} else if (role === WHOLE) {
			this.whole(i, core, rows, to);
		} else {
			this.single(i, core, task);
			if (trace.kind(i) !== 'sched')
				rows.marks.push(i);
		}
	}

	/* Up and down again in one event. */
	whole(i, core, rows, to) {
		const row = rows.row(rows.stack.length), { level, cls, ref } = core;
		row.begin(i, classOf(to, this.trace.kind(i)), i);
		row.finish(i + ENDS);
		if (level === to) // within the call that it serves
			return;
		core.go(to, classOf(to, this.trace.kind(i)), i, i);
		if (level >= 0)
			core.go(level, cls, ref, i + ENDS);
	}

	async run(progress) {
		for (let i = 0; i < this.trace.n; ) {
			const end = Math.min(this.trace.n, i + SLICE);
			for (; i < end; i++)
				this.event(i);
			progress(0.7 * i / this.trace.n);
			await pause();
		}
		for (const task of this.tasks)
			task.marks = task.marks.done();
		const all = this.cores.flatMap(core => core.levels)
			.concat(this.tasks.flatMap(task => [task.state, ...task.depths]));
		for (let r = 0, since = 0; r < all.length; r++) {
			all[r].seal();
			since += all[r].n;
			if (since > SLICE) {
				progress(0.7 + 0.3 * r / all.length);
				await pause();
				since = 0;
			}
		}
	}
}
