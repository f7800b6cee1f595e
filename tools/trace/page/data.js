/*
 * data.js - the trace, out of the page's own text into typed arrays: 14 bytes an event.
 *
 * Each event has a time (4 bytes; `turns` says where they begin anew), a name, a task, a core, a
 * role with its two levels, and its mate.  What the mate is goes by the role and the kind:
 *	BEGIN, END	the event at the other end, or NONE
 *	WHOLE		how long it took, in ns, as no event tells its end
 *	SINGLE		the task that it acts on (the next one, the woken one, the child), or NONE
 * The decoded lines stay compressed, in pieces, until somebody asks for one.
 */

const NONE = 0xffffffff;
const SINGLE = 0, BEGIN = 1, END = 2, WHOLE = 3;
const LINES_KEPT = 12; // pieces of lines that stay inflated

/* Lets the browser draw and take input before what follows goes on. */
function pause() {
	return new Promise(resolve => {
		const channel = new MessageChannel();
		channel.port1.onmessage = () => { channel.port1.close(); resolve(); };
		channel.port2.postMessage(0);
	});
}

function bytesOf(base64) {
	if (Uint8Array.fromBase64)
		return Uint8Array.fromBase64(base64);
	const text = atob(base64), bytes = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++)
		bytes[i] = text.charCodeAt(i);
	return bytes;
}

async function inflate(base64) {
	const packed = new Blob([bytesOf(base64)]).stream();
	const plain = packed.pipeThrough(new DecompressionStream('deflate'));
	return new Uint8Array(await new Response(plain).arrayBuffer());
}

/*
 * A column is kept as its lowest bytes, then the next ones: equal bytes side by side pack better.
 */
function joined(planes, n, width, type) {
	const out = new Uint8Array(n * width);
	for (let p = 0; p < width; p++)
		for (let i = 0, o = p, from = p * n; i < n; i++, o += width)
			out[o] = planes[from + i];
	return new type(out.buffer);
}

class Trace {
	constructor(about) {
		this.about = about;
		this.n = about.events;
		this.names = about.names;
		this.tasks = about.tasks;
		this.turns = about.turns; // [from this event on, times 2^32 ns are to be added]
		this.turn = 0;
	}

	async load() {
		const kept = document.getElementById('columns').textContent;
		const types = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array };
		let at = 0;
		for (const [name, width, chars] of this.about.columns) {
			const planes = await inflate(kept.slice(at, at + chars));
			this[name] = joined(planes, this.n, width, types[width]);
			at += chars;
			await pause();
		}
		for (let i = 1; i < this.n; i++) // kept as differences; they wrap where a turn begins
			this.low[i] += this.low[i - 1];
		this.lines = new Lines(this.about.lines);
		this.end = this.about.end;
	}

	/* When event i was, in ns from the first one. */
	time(i) {
		const turns = this.turns;
		if (!turns.length)
			return this.low[i];
		let turn = this.turn;
		while (turn && i < turns[turn - 1][0])
			turn--;
		while (turn < turns.length && i >= turns[turn][0])
			turn++;
		this.turn = turn;
		return this.low[i] + (turn ? turns[turn - 1][1] * 0x100000000 : 0);
	}

	role(i) { return this.levels[i] >> 4 & 3; }
	from(i) { return this.levels[i] & 3; }
	to(i) { return this.levels[i] >> 2 & 3; }
	kind(i) { return this.names[this.name[i]].kind; }

	/* How long the stay that event i begins took, in ns; NaN where it has no known end. */
	took(i) {
		const role = this.role(i), mate = this.mate[i];
		if (role === WHOLE)
			return mate;
		return role === BEGIN && mate !== NONE ? this.time(mate) - this.time(i) : NaN;
	}

	/* The first event that is not before this time. */
	first(time) {
		let low = 0, high = this.n;
		while (low < high) {
			const mid = low + high >>> 1;
			if (this.time(mid) < time)
				low = mid + 1;
			else
				high = mid;
		}
		return low;
	}
}

/* The number that event i's core has on the machine. */
function coreOf(trace, i) { return trace.about.core_ids[trace.core[i]]; }

/* The decoded lines: pieces of so many events each, inflated when one of them is asked for. */
class Lines {
	constructor({ each, chars }) {
		this.each = each;
		this.kept = document.getElementById('lines').textContent;
		this.at = [0];
		for (const n of chars)
			this.at.push(this.at[this.at.length - 1] + n);
		this.count = chars.length;
		this.open = new Map();
	}

	async inflated(piece) {
		const bytes = await inflate(this.kept.slice(this.at[piece], this.at[piece + 1]));
		return new TextDecoder().decode(bytes);
	}

	/* The lines of a piece as an array, kept for the next question. */
	piece(piece) {
		let lines = this.open.get(piece);
		if (!lines) {
			lines = this.inflated(piece).then(text => text.split('\n'));
			this.open.set(piece, lines);
			if (this.open.size > LINES_KEPT)
				this.open.delete(this.open.keys().next().value);
		}
		return lines;
	}

	async of(i) {
		const piece = Math.floor(i / this.each);
		return piece < this.count ? (await this.piece(piece))[i - piece * this.each] : '';
	}
}

/* An event's kind and name; an interrupt's name says what it is. */
const called = ({ kind, name }) => name.startsWith(`${kind} `) ? name : `${kind} ${name}`;
