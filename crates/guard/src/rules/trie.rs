//! Prefixes of addresses, found by an address: eight bits a step, paths without a fork left out.
//!
//! Persistent: a change copies the nodes on its way down, at most one for each eight bits, and shares all others. So a
//! million prefixes are three or four steps deep: what a look-up costs is the memory that it has to wait for. So a node
//! has in itself what is compared, and is followed only to what fits.
//!
//! ```text
//! Node, 8 bits: 10.0.0.0/8 to /15 stand in it
//!   ├─ 64 ─▶ Leaf 10.64.0.0/16
//!   └─ 200 ─▶ Node, 16 bits: 10.200.0.0/16 to /23
//!               └─ 7 ─▶ Leaf 10.200.7.0/24
//! ```

use std::{net::IpAddr, sync::Arc};

use ipnet::IpNet;

use super::entry::Entry;

/// Prefixes of one family. A path is an address's bits, from the top.
#[derive(Clone, Debug, Default)]
pub(super) struct Trie(Option<Link>);

#[derive(Clone, Debug)]
enum Link {
    Leaf(Arc<Leaf>),
    Node(Arc<Node>),
}

#[derive(Clone, Debug)]
struct Leaf {
    prefix: Prefix,
    entry: Entry,
}

#[derive(Clone, Debug)]
struct Node {
    /// What all below share; its length is a multiple of eight.
    prefix: Prefix,
    /// Which prefixes end within this node's eight bits, by [`End::number`].
    ends: Set,
    /// Which of the 256 children there are.
    present: Set,
    /// What stands at those ends, in order.
    here: Vec<Entry>,
    /// Those children, in order; none of them is missing but while it is changed.
    children: Vec<Option<Link>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prefix {
    path: u128,
    length: u8,
}

/// Numbers of eight bits.
#[derive(Clone, Copy, Debug, Default)]
struct Set([u64; 4]);

/// The rest of a prefix behind a node's own: fewer than eight bits, at the top of `bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    bits: u8,
    length: u8,
}

impl Trie {
    /// Changes what stands at a prefix.
    pub(super) fn edit(&mut self, network: IpNet, change: impl FnOnce(&mut Option<Entry>)) {
        edit(&mut self.0, Prefix::of(network), change);
    }

    /// Every prefix that the address is in, with its length.
    pub(super) fn visit<'a>(&'a self, address: IpAddr, mut found: impl FnMut(u8, &'a Entry)) {
        let path = path(address);
        let mut link = self.0.as_ref();
        while let Some(next) = link {
            link = match next {
                Link::Leaf(leaf) => {
                    if leaf.prefix.has(path) {
                        found(leaf.prefix.length, &leaf.entry);
                    }
                    None
                }
                Link::Node(node) if node.prefix.has(path) => {
                    let digit = digit(path, node.prefix.length);
                    for end in (0..STEP).map(|length| End::above(digit, length)) {
                        if let Some(entry) = node.ends.find(end.number(), &node.here) {
                            found(node.prefix.length.saturating_add(end.length), entry);
                        }
                    }
                    node.child(digit)
                }
                Link::Node(_) => None,
            };
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

fn edit(place: &mut Option<Link>, prefix: Prefix, change: impl FnOnce(&mut Option<Entry>)) {
    match place {
        None => *place = made(prefix, change).map(|leaf| Link::Leaf(Arc::new(leaf))),
        Some(Link::Leaf(leaf)) if leaf.prefix == prefix => {
            let mut entry = Some(leaf.entry.clone());
            change(&mut entry);
            match entry {
                Some(entry) => Arc::make_mut(leaf).entry = entry,
                None => *place = None,
            }
        }
        Some(Link::Node(node)) if node.prefix.length <= prefix.length && node.prefix.has(prefix.path) => {
            let node = Arc::make_mut(node);
            node.edit(prefix, change);
            if node.is_needless() {
                *place = node.rest();
            }
        }
        Some(other) => {
            let Some(leaf) = made(prefix, change) else { return };
            let mut node = Node {
                prefix: prefix.shared(other.prefix()),
                ends: Set::default(),
                present: Set::default(),
                here: Vec::new(),
                children: Vec::new(),
            };
            node.take_in(other.clone());
            node.take_in(Link::Leaf(Arc::new(leaf)));
            *other = Link::Node(Arc::new(node));
        }
    }
}

fn made(prefix: Prefix, change: impl FnOnce(&mut Option<Entry>)) -> Option<Leaf> {
    let mut entry = None;
    change(&mut entry);
    entry.map(|entry| Leaf { prefix, entry })
}

impl Node {
    fn edit(&mut self, prefix: Prefix, change: impl FnOnce(&mut Option<Entry>)) {
        if !self.ends_here(prefix) {
            let digit = digit(prefix.path, self.prefix.length);
            if self.present.has(digit) {
                let rank = self.present.rank(digit);
                if let Some(child) = self.children.get_mut(rank) {
                    // Where it stands, so that what nobody else holds is not copied.
                    edit(child, prefix, change);
                    if child.is_none() {
                        self.children.remove(rank);
                        self.present.toggle(digit);
                    }
                }
            } else if let Some(leaf) = made(prefix, change) {
                self.add(digit, Link::Leaf(Arc::new(leaf)));
            }
            return;
        }
        let end = End::of(prefix, self.prefix.length);
        let mut entry = self.ends.has(end.number()).then(|| {
            let rank = self.ends.rank(end.number());
            self.ends.toggle(end.number());
            self.here.remove(rank)
        });
        change(&mut entry);
        if let Some(entry) = entry {
            self.stand(end, entry);
        }
    }

    fn stand(&mut self, end: End, entry: Entry) {
        self.here.insert(self.ends.rank(end.number()), entry);
        self.ends.toggle(end.number());
    }

    fn take_in(&mut self, link: Link) {
        let prefix = link.prefix();
        match link {
            Link::Leaf(leaf) if self.ends_here(prefix) => {
                let end = End::of(prefix, self.prefix.length);
                self.stand(end, Arc::unwrap_or_clone(leaf).entry);
            }
            link => self.add(digit(prefix.path, self.prefix.length), link),
        }
    }

    fn ends_here(&self, prefix: Prefix) -> bool {
        prefix.length < self.prefix.length.saturating_add(STEP)
    }

    fn child(&self, digit: u8) -> Option<&Link> {
        self.present.find(digit, &self.children).and_then(Option::as_ref)
    }

    /// Adds a child where there is none.
    fn add(&mut self, digit: u8, child: Link) {
        self.children.insert(self.present.rank(digit), Some(child));
        self.present.toggle(digit);
    }

    /// Whether less would do.
    fn is_needless(&self) -> bool {
        self.here.len().saturating_add(self.children.len()) < 2
    }

    /// What takes the place of a needless node.
    fn rest(&mut self) -> Option<Link> {
        let leaf = self.ends.first().zip(self.here.pop()).map(|(number, entry)| {
            let prefix = End::numbered(number).behind(self.prefix);
            Link::Leaf(Arc::new(Leaf { prefix, entry }))
        });
        leaf.or_else(|| self.children.pop().flatten())
    }
}

impl Link {
    fn prefix(&self) -> Prefix {
        match self {
            Self::Leaf(leaf) => leaf.prefix,
            Self::Node(node) => node.prefix,
        }
    }
}

impl Prefix {
    fn of(network: IpNet) -> Self {
        let length = network.prefix_len();
        Self {
            path: path(network.addr()) & mask(length),
            length,
        }
    }

    fn has(self, path: u128) -> bool {
        path & mask(self.length) == self.path
    }

    /// The longest prefix of both whose length is a multiple of eight.
    fn shared(self, other: Self) -> Self {
        let alike = u8::try_from((self.path ^ other.path).leading_zeros()).unwrap_or(0);
        let length = alike.min(self.length).min(other.length) & !(STEP.wrapping_sub(1));
        Self {
            path: self.path & mask(length),
            length,
        }
    }
}

impl Set {
    fn has(self, number: u8) -> bool {
        let (word, bit) = place(number);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    fn toggle(&mut self, number: u8) {
        let (word, bit) = place(number);
        if let Some(word) = self.0.get_mut(word) {
            *word ^= bit;
        }
    }

    /// How many are less.
    fn rank(self, number: u8) -> usize {
        let (word, bit) = place(number);
        let whole = self.0.iter().take(word).map(|word| word.count_ones());
        let part = self.0.get(word).map(|word| (word & bit.wrapping_sub(1)).count_ones());
        whole.chain(part).map(|ones| usize::try_from(ones).unwrap_or(0)).sum()
    }

    /// The least.
    fn first(self) -> Option<u8> {
        (0..=u8::MAX).find(|number| self.has(*number))
    }

    /// What stands for a number, among what stands for each.
    fn find<T>(self, number: u8, all: &[T]) -> Option<&T> {
        self.has(number).then(|| all.get(self.rank(number))).flatten()
    }
}

impl End {
    /// What of a prefix is behind the first `length` bits.
    fn of(prefix: Prefix, length: u8) -> Self {
        Self {
            bits: digit(prefix.path, length),
            length: prefix.length.saturating_sub(length),
        }
    }

    /// The first bits of eight.
    fn above(digit: u8, length: u8) -> Self {
        let rest = u32::from(STEP.saturating_sub(length));
        Self {
            bits: digit & u8::MAX.checked_shl(rest).unwrap_or(0),
            length,
        }
    }

    /// Each has its own: 1 for the empty one, 2 and 3 for those of one bit, 4 to 7 for those of two.
    fn number(self) -> u8 {
        let rest = u32::from(STEP.saturating_sub(self.length));
        let first = 1_u8.checked_shl(u32::from(self.length)).unwrap_or(0);
        first | self.bits.checked_shr(rest).unwrap_or(0)
    }

    /// The one of that number.
    fn numbered(number: u8) -> Self {
        let length = u8::try_from(number.checked_ilog2().unwrap_or(0)).unwrap_or(0);
        let rest = u32::from(STEP.saturating_sub(length));
        Self {
            bits: number.checked_shl(rest).unwrap_or(0),
            length,
        }
    }

    /// The whole prefix, behind the node's.
    fn behind(self, node: Prefix) -> Prefix {
        let rest = u32::from(120_u8.saturating_sub(node.length));
        Prefix {
            path: node.path | u128::from(self.bits).checked_shl(rest).unwrap_or(0),
            length: node.length.saturating_add(self.length),
        }
    }
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

/// Which word of the map, and which bit of it.
fn place(digit: u8) -> (usize, u64) {
    let bit = 1_u64.checked_shl(u32::from(digit & 63)).unwrap_or(0);
    (usize::from(digit >> 6), bit)
}

const STEP: u8 = 8;
