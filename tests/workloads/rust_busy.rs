//! Keeps Rust code at work: recursion, traits, closures, allocation, sorting, panics that are caught. Runs
//! until it is killed or its parent ends.
use std::collections::HashMap;
use std::hint::black_box;
use std::panic;
use std::sync::mpsc;
use std::thread;

extern "C" {
    fn prctl(option: i32, argument: u64) -> i32;
}

#[inline(never)]
fn spin(n: u64) -> u64 {
    let mut x = black_box(n);
    for _ in 0..20_000 {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    }
    black_box(x)
}

// A frame at each depth, with room on the stack.
#[inline(never)]
fn descend(depth: u64) -> u64 {
    let mut room = [depth; 24];
    room[(depth % 24) as usize] = if depth > 1 { descend(depth - 1) } else { spin(depth) };
    black_box(&room).iter().fold(0, |sum, x| sum ^ x)
}

trait Shape {
    fn area(&self) -> f64;
}
struct Square(f64);
struct Disc(f64);
impl Shape for Square {
    fn area(&self) -> f64 {
        (0..2000).map(|i| self.0 * self.0 + f64::from(i)).sum()
    }
}
impl Shape for Disc {
    fn area(&self) -> f64 {
        (0..2000).map(|i| (self.0 + f64::from(i)).sqrt()).sum()
    }
}

fn shapes() -> f64 {
    let all: Vec<Box<dyn Shape>> = (0..50)
        .map(|i| -> Box<dyn Shape> {
            if i % 2 == 0 { Box::new(Square(f64::from(i))) } else { Box::new(Disc(f64::from(i))) }
        })
        .collect();
    all.iter().map(|shape| shape.area()).sum()
}

fn words() -> usize {
    let text = "the quick brown fox jumps over the lazy dog ".repeat(200);
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (i, word) in text.split(' ').enumerate() {
        *counts.entry(format!("{word}{}", i % 50)).or_default() += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted.len()
}

// Seldom, as in real programs: while a landing pad is made ready, the unwinder writes over saved registers of
// frames it is about to leave, and no table can tell.
fn caught(n: usize) -> bool {
    panic::catch_unwind(|| {
        spin(n as u64);
        if black_box(n) % 10 == 0 {
            panic!("{n}");
        }
    })
    .is_err()
}

fn endless<T>(mut work: impl FnMut() -> T + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(move || loop {
        black_box(work());
    })
}

fn main() {
    const DEATH_SIGNAL: i32 = 1;
    const KILL: u64 = 9;
    unsafe { prctl(DEATH_SIGNAL, KILL) };
    panic::set_hook(Box::new(|_| {}));
    let (send, receive) = mpsc::sync_channel::<u64>(1);
    let threads = [
        endless(|| descend(40)),
        endless(shapes),
        endless(words),
        endless(|| (0..50).filter(|&n| caught(n)).count()),
        endless(move || send.send(spin(1))),
        endless(move || receive.recv()),
    ];
    for thread in threads {
        let _ = thread.join();
    }
}
