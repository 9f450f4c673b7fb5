//! Prefixes of addresses, found by an address: four bits a step, paths without a fork left out.
//!
//! Persistent: a change copies the nodes on its way down, at most one for each four bits, and shares all others. So a
//! million prefixes are five or six steps deep, and a change costs microseconds.
//!
//! ```text
//! Node, 8 bits: 10.0.0.0/8 to /11 stand in it
//!   ├─ 4 ─▶ Leaf 10.64.0.0/12
//!   └─ c ─▶ Node, 16 bits: 10.200.0.0/16 to /19
//!             └─ 0 ─▶ Leaf 10.200.7.0/24
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
    /// What all below share; its length is a multiple of four.
    prefix: Prefix,
    /// Prefixes that end within this node's four bits.
    here: Vec<Leaf>,
    /// Which of the sixteen children there are.
    present: u16,
    children: Vec<Link>,
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
                present: 0,
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
            let mut child = self.child(digit).cloned();
            // Let go, so that a node that nobody else holds is changed where it is.
            self.set_child(digit, None);
            edit(&mut child, prefix, change);
            self.set_child(digit, child);
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
            link => self.set_child(digit(prefix.path, self.prefix.length), Some(link)),
        }
    }

    fn ends_here(&self, prefix: Prefix) -> bool {
        prefix.length < self.prefix.length.saturating_add(STEP)
    }

    fn child(&self, digit: u8) -> Option<&Link> {
        (self.present & bit(digit) != 0).then(|| self.children.get(self.rank(digit)))?
    }

    fn set_child(&mut self, digit: u8, child: Option<Link>) {
        let rank = self.rank(digit);
        match (self.present & bit(digit) != 0, child) {
            (true, Some(child)) => {
                if let Some(place) = self.children.get_mut(rank) {
                    *place = child;
                }
            }
            (true, None) => {
                self.children.remove(rank);
                self.present &= !bit(digit);
            }
            (false, Some(child)) => {
                self.children.insert(rank, child);
                self.present |= bit(digit);
            }
            (false, None) => {}
        }
    }

    /// How many children stand before that one.
    fn rank(&self, digit: u8) -> usize {
        let before = bit(digit).wrapping_sub(1);
        usize::try_from((self.present & before).count_ones()).unwrap_or(0)
    }

    /// Whether less would do.
    fn is_needless(&self) -> bool {
        self.here.len().saturating_add(self.children.len()) < 2
    }

    /// What takes the place of a needless node.
    fn rest(&mut self) -> Option<Link> {
        let leaf = self.here.pop().map(|leaf| Link::Leaf(Arc::new(leaf)));
        leaf.or_else(|| self.children.pop())
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

    /// The longest prefix of both whose length is a multiple of four.
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

/// The four bits behind the first `length`.
fn digit(path: u128, length: u8) -> u8 {
    let rest = u32::from(124_u8.saturating_sub(length));
    u8::try_from(path.checked_shr(rest).unwrap_or(0) & 15).unwrap_or(0)
}

fn bit(digit: u8) -> u16 {
    1_u16.checked_shl(u32::from(digit)).unwrap_or(0)
}

const STEP: u8 = 4;
