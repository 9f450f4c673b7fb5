//! Prefixes of addresses, found by an address: eight bits a step, paths without a fork left out.
//!
//! Persistent: a change copies the nodes on its way down, at most one for each eight bits, and shares all others. A
//! million prefixes are three or four steps deep: what a look-up costs is the memory that it has to wait for, once a step.
//! So what a node is compared by, and a rule that has nothing below it, stand beside their like in the node above.
//!
//! ```text
//! Node, 8 bits: 10.0.0.0/8 to /15 stand in it
//!   ├─ 64: 10.64.0.0/16
//!   └─ 200 ─▶ Node, 16 bits: 10.200.0.0/16 to /23 stand in it
//!               └─ 7: 10.200.7.0/24
//! ```

use std::{net::IpAddr, sync::Arc};

use ipnet::IpNet;

use super::entry::{Entry, Found};

/// Prefixes of one family. A path is an address's bits, from the top.
#[derive(Clone, Debug, Default)]
pub(super) struct Trie(Option<Place>);

#[derive(Clone, Debug)]
enum Place {
    // Both are about as large: a box would be memory to wait for.
    Leaf(Leaf),
    Node(Node),
}

#[derive(Clone, Debug)]
pub(super) struct Leaf {
    prefix: Prefix,
    entry: Entry,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What all below share; its length is a multiple of eight.
    prefix: Prefix,
    /// Which seats are taken.
    taken: Seats,
    /// What is there, in the seats' order; nothing is missing but while it is changed.
    places: Arc<[Option<Place>]>,
}

/// Bytes, because a number of 128 bits would need room to be aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prefix {
    path: [u8; 16],
    length: u8,
}

/// A node's seats: first those of prefixes that end within its eight bits, then those of all that goes on behind them.
#[derive(Clone, Copy, Debug, Default)]
struct Seats {
    taken: [u64; WORDS],
    /// For each word how many are taken in all before it: counting them is what a step would take most time for.
    before: [u16; WORDS],
}

impl Trie {
    /// Changes what stands at a prefix.
    pub(super) fn edit(&mut self, network: IpNet, change: impl FnOnce(&mut Option<Entry>)) {
        edit(&mut self.0, Prefix::of(network), change);
    }

    /// What stands at every prefix that the address is in, with its length, the longest first. What nobody asks for is
    /// not looked at, so that its memory is not waited for.
    pub(super) fn fits(&self, address: IpAddr) -> impl Iterator<Item = (u8, Ending<'_>)> {
        let path = path(address);
        let mut passed = [None; DEPTH];
        let mut deep = 0_usize;
        let mut place = self.0.as_ref();
        while let Some(Place::Node(node)) = place
            && node.prefix.has(path)
            && let Some(step) = passed.get_mut(deep)
        {
            *step = Some(node);
            deep = deep.saturating_add(1);
            place = node.at(child(digit(path, node.prefix.length)));
        }
        Fits {
            path,
            leaf: place.and_then(Place::leaf).filter(|leaf| leaf.prefix.has(path)),
            passed,
            deep,
            seat: 1,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// The way back up from an address, past all prefixes that it is in.
struct Fits<'a> {
    path: u128,
    leaf: Option<&'a Leaf>,
    passed: [Option<&'a Node>; DEPTH],
    /// How many of the nodes that were passed are left, the one that is looked at included.
    deep: usize,
    /// The seat in it that was looked at last; behind the first there is none.
    seat: u16,
}

/// A prefix that the address is in.
#[derive(Clone, Copy)]
pub(super) enum Ending<'a> {
    Leaf(&'a Leaf),
    /// It ends within a node's eight bits, in that seat.
    Seat(&'a Node, u16),
}

impl<'a> Found<'a> for Ending<'a> {
    fn entry(self) -> Option<&'a Entry> {
        let leaf = match self {
            Self::Leaf(leaf) => Some(leaf),
            Self::Seat(node, seat) => node.at(seat).and_then(Place::leaf),
        };
        leaf.map(|leaf| &leaf.entry)
    }
}

impl<'a> Iterator for Fits<'a> {
    type Item = (u8, Ending<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self.leaf.take() {
            Some(leaf) => Some((leaf.prefix.length, Ending::Leaf(leaf))),
            None => self.end(),
        }
    }
}

impl<'a> Fits<'a> {
    /// The next that ends within a node's eight bits, with its length: what stands there is not looked at.
    fn end(&mut self) -> Option<(u8, Ending<'a>)> {
        loop {
            if self.seat > 1
                && let Some(node) = self.passed.get(self.deep).copied().flatten()
            {
                // One bit shorter: the seat of half as many.
                self.seat >>= 1;
                if node.taken.has(self.seat) {
                    let bits = u8::try_from(self.seat.ilog2()).unwrap_or(0);
                    let length = node.prefix.length.saturating_add(bits);
                    return Some((length, Ending::Seat(node, self.seat)));
                }
                continue;
            }
            self.deep = self.deep.checked_sub(1)?;
            let node = self.passed.get(self.deep).copied().flatten()?;
            if node.taken.have_ends() {
                self.seat = end(digit(self.path, node.prefix.length), STEP);
            }
        }
    }
}

fn edit(place: &mut Option<Place>, prefix: Prefix, change: impl FnOnce(&mut Option<Entry>)) {
    match place {
        None => *place = made(prefix, change),
        Some(Place::Leaf(leaf)) if leaf.prefix == prefix => {
            let mut entry = Some(leaf.entry.clone());
            change(&mut entry);
            *place = entry.map(|entry| Place::Leaf(Leaf { prefix, entry }));
        }
        Some(Place::Node(node)) if node.prefix.length <= prefix.length && node.prefix.has(prefix.bits()) => {
            node.edit(prefix, change);
            if let [only] = node.places.as_ref() {
                *place = only.clone();
            }
        }
        Some(other) => {
            let Some(made) = made(prefix, change) else { return };
            let mut node = Node {
                prefix: prefix.shared(other.prefix()),
                taken: Seats::default(),
                places: [].into(),
            };
            node.seat(other.clone());
            node.seat(made);
            *other = Place::Node(node);
        }
    }
}

fn made(prefix: Prefix, change: impl FnOnce(&mut Option<Entry>)) -> Option<Place> {
    let mut entry = None;
    change(&mut entry);
    entry.map(|entry| Place::Leaf(Leaf { prefix, entry }))
}

impl Node {
    fn at(&self, seat: u16) -> Option<&Place> {
        self.taken
            .has(seat)
            .then(|| self.places.get(self.taken.before(seat)))
            .flatten()
            .and_then(Option::as_ref)
    }

    fn edit(&mut self, prefix: Prefix, change: impl FnOnce(&mut Option<Entry>)) {
        let seat = self.seat_of(prefix);
        let index = self.taken.before(seat);
        if !self.taken.has(seat) {
            if let Some(made) = made(prefix, change) {
                self.seat(made);
            }
        } else if let Some(place) = Arc::make_mut(&mut self.places).get_mut(index) {
            // Where it stands, so that what nobody else holds is not copied.
            edit(place, prefix, change);
            if place.is_none() {
                self.rearrange(|places| drop(places.remove(index)));
                self.taken.toggle(seat);
            }
        }
    }

    /// Takes in what has a seat that is free.
    fn seat(&mut self, place: Place) {
        let seat = self.seat_of(place.prefix());
        let index = self.taken.before(seat);
        self.rearrange(|places| places.insert(index, Some(place)));
        self.taken.toggle(seat);
    }

    /// Moves what nobody else holds, and copies what somebody does.
    fn rearrange(&mut self, change: impl FnOnce(&mut Vec<Option<Place>>)) {
        let mut places = Vec::with_capacity(self.places.len().saturating_add(1));
        match Arc::get_mut(&mut self.places) {
            Some(own) => places.extend(own.iter_mut().map(Option::take)),
            None => places.extend_from_slice(&self.places),
        }
        change(&mut places);
        self.places = places.into();
    }

    fn seat_of(&self, prefix: Prefix) -> u16 {
        let digit = digit(prefix.bits(), self.prefix.length);
        match prefix.length.saturating_sub(self.prefix.length) {
            length @ 0..STEP => end(digit, length),
            STEP.. => child(digit),
        }
    }
}

impl Place {
    fn leaf(&self) -> Option<&Leaf> {
        match self {
            Self::Leaf(leaf) => Some(leaf),
            Self::Node(_) => None,
        }
    }

    fn prefix(&self) -> Prefix {
        match self {
            Self::Leaf(leaf) => leaf.prefix,
            Self::Node(node) => node.prefix,
        }
    }
}

impl Prefix {
    fn of(network: IpNet) -> Self {
        Self::new(path(network.addr()), network.prefix_len())
    }

    fn new(path: u128, length: u8) -> Self {
        Self {
            path: (path & mask(length)).to_be_bytes(),
            length,
        }
    }

    fn bits(self) -> u128 {
        u128::from_be_bytes(self.path)
    }

    fn has(self, path: u128) -> bool {
        path & mask(self.length) == self.bits()
    }

    /// The longest prefix of both whose length is a multiple of eight.
    fn shared(self, other: Self) -> Self {
        let alike = u8::try_from((self.bits() ^ other.bits()).leading_zeros()).unwrap_or(0);
        let length = alike.min(self.length).min(other.length) & !(STEP.wrapping_sub(1));
        Self::new(self.bits(), length)
    }
}

impl Seats {
    fn has(&self, seat: u16) -> bool {
        let (word, bit) = word(seat);
        self.taken.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Whether any prefix ends here.
    fn have_ends(&self) -> bool {
        self.before.get(ENDS).is_some_and(|ends| *ends > 0)
    }

    fn toggle(&mut self, seat: u16) {
        let (word, bit) = word(seat);
        if let Some(word) = self.taken.get_mut(word) {
            *word ^= bit;
        }
        let mut sum = 0_u16;
        for (word, before) in self.taken.iter().zip(&mut self.before) {
            *before = sum;
            // 512 in all at most.
            sum = sum.saturating_add(u16::try_from(word.count_ones()).unwrap_or(0));
        }
    }

    /// How many of those before it are taken.
    fn before(&self, seat: u16) -> usize {
        let (word, bit) = word(seat);
        let part = self
            .taken
            .get(word)
            .map_or(0, |word| (word & bit.wrapping_sub(1)).count_ones());
        let whole = self.before.get(word).copied().unwrap_or(0);
        usize::from(whole).saturating_add(usize::try_from(part).unwrap_or(0))
    }
}

/// The seat of the first `length` bits of eight: 1 for none, 2 and 3 for one bit, 4 to 7 for two.
fn end(digit: u8, length: u8) -> u16 {
    let first = 1_u16.checked_shl(u32::from(length)).unwrap_or(0);
    let rest = u32::from(STEP.saturating_sub(length));
    first | u16::from(digit).checked_shr(rest).unwrap_or(0)
}

/// The seat of what goes on behind eight bits.
fn child(digit: u8) -> u16 {
    CHILDREN | u16::from(digit)
}

/// Which word of the seats, and which bit of it.
fn word(seat: u16) -> (usize, u64) {
    let bit = 1_u64.checked_shl(u32::from(seat & 63)).unwrap_or(0);
    (usize::from(seat >> 6), bit)
}

fn path(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => u128::from(four.to_bits()) << 96,
        IpAddr::V6(six) => six.to_bits(),
    }
}

fn mask(length: u8) -> u128 {
    let rest = u32::from(128_u8.saturating_sub(length));
    u128::MAX.checked_shl(rest).unwrap_or(0)
}

/// The eight bits behind the first `length`.
fn digit(path: u128, length: u8) -> u8 {
    let rest = u32::from(120_u8.saturating_sub(length));
    u8::try_from(path.checked_shr(rest).unwrap_or(0) & 0xff).unwrap_or(0)
}

const STEP: u8 = 8;
/// As many nodes as an address of 128 bits has steps.
const DEPTH: usize = 16;
/// Behind the 256 of what ends.
const CHILDREN: u16 = 256;
/// As many words as 512 seats need, and those of what ends.
const WORDS: usize = 8;
const ENDS: usize = 4;
