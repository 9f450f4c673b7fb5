//! Prefixes of addresses, found by an address: eight bits a step, paths without a fork left out.
//!
//! Persistent: a change copies the nodes on its way down, at most one for each eight bits, and shares all others. So a
//! million prefixes are three or four steps deep: what a look-up costs is the memory that it has to wait for.
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
    /// Prefixes that end within this node's eight bits.
    here: Vec<Leaf>,
    /// Which of the 256 children there are.
    present: [u64; 4],
    /// Those, in order; none of them is missing but while it is changed.
    children: Vec<Option<Link>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prefix {
    path: u128,
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
                    for leaf in node.here.iter().filter(|leaf| leaf.prefix.has(path)) {
                        found(leaf.prefix.length, &leaf.entry);
                    }
                    node.child(digit(path, node.prefix.length))
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
                here: Vec::new(),
                present: [0; 4],
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
            let rank = self.rank(digit);
            if self.has(digit) {
                if let Some(child) = self.children.get_mut(rank) {
                    // Where it stands, so that what nobody else holds is not copied.
                    edit(child, prefix, change);
                    if child.is_none() {
                        self.children.remove(rank);
                        self.toggle(digit);
                    }
                }
            } else if let Some(leaf) = made(prefix, change) {
                self.add(digit, Link::Leaf(Arc::new(leaf)));
            }
            return;
        }
        let at = self.here.iter().position(|leaf| leaf.prefix == prefix);
        let mut entry = at.map(|at| self.here.swap_remove(at).entry);
        change(&mut entry);
        self.here.extend(entry.map(|entry| Leaf { prefix, entry }));
    }

    fn take_in(&mut self, link: Link) {
        let prefix = link.prefix();
        match link {
            Link::Leaf(leaf) if self.ends_here(prefix) => self.here.push(Arc::unwrap_or_clone(leaf)),
            link => self.add(digit(prefix.path, self.prefix.length), link),
        }
    }

    fn ends_here(&self, prefix: Prefix) -> bool {
        prefix.length < self.prefix.length.saturating_add(STEP)
    }

    fn child(&self, digit: u8) -> Option<&Link> {
        self.has(digit)
            .then(|| self.children.get(self.rank(digit)))
            .flatten()
            .and_then(Option::as_ref)
    }

    /// Adds a child where there is none.
    fn add(&mut self, digit: u8, child: Link) {
        self.children.insert(self.rank(digit), Some(child));
        self.toggle(digit);
    }

    fn has(&self, digit: u8) -> bool {
        let (word, bit) = place(digit);
        self.present.get(word).is_some_and(|present| present & bit != 0)
    }

    fn toggle(&mut self, digit: u8) {
        let (word, bit) = place(digit);
        if let Some(present) = self.present.get_mut(word) {
            *present ^= bit;
        }
    }

    /// How many children stand before that one.
    fn rank(&self, digit: u8) -> usize {
        let (word, bit) = place(digit);
        let whole = self.present.iter().take(word).map(|present| present.count_ones());
        let part = self
            .present
            .get(word)
            .map(|present| (present & bit.wrapping_sub(1)).count_ones());
        whole.chain(part).map(|ones| usize::try_from(ones).unwrap_or(0)).sum()
    }

    /// Whether less would do.
    fn is_needless(&self) -> bool {
        self.here.len().saturating_add(self.children.len()) < 2
    }

    /// What takes the place of a needless node.
    fn rest(&mut self) -> Option<Link> {
        let leaf = self.here.pop().map(|leaf| Link::Leaf(Arc::new(leaf)));
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
