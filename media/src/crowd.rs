//! Connections that have not shown yet what they want, and which of them goes when there are too many.
//!
//! The newest is never the one that goes: whoever has something to say says it at once, so a crowd of silent
//! connections pushes out its own.

use std::{collections::BTreeMap, net::IpAddr};

use tokio::task::{AbortHandle, Id};

/// Tasks by age.
#[derive(Debug)]
pub(crate) struct Crowd {
    most: usize,
    most_per_address: usize,
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    group: Option<IpAddr>,
    task: AbortHandle,
}

impl Crowd {
    pub(crate) const fn new(most: usize, most_per_address: usize) -> Self {
        Self {
            most,
            most_per_address,
            next: 0,
            waiting: BTreeMap::new(),
        }
    }

    /// Adds a task, and aborts another where that makes too many. Without an address, as behind a proxy that many
    /// share, only all together are counted.
    pub(crate) fn add(&mut self, address: Option<IpAddr>, task: AbortHandle) {
        let group = address.map(guard::block);
        if group.is_some() && self.count(group) >= self.most_per_address {
            self.abort_oldest(group);
        } else if self.waiting.len() >= self.most {
            self.abort_oldest(self.largest());
        }
        self.waiting.insert(self.next, Waiting { group, task });
        self.next += 1;
    }

    /// A task has ended.
    pub(crate) fn remove(&mut self, task: Id) {
        self.waiting.retain(|_, waiting| waiting.task.id() != task);
    }

    fn count(&self, group: Option<IpAddr>) -> usize {
        self.waiting.values().filter(|waiting| waiting.group == group).count()
    }

    /// The address with the most tasks.
    fn largest(&self) -> Option<IpAddr> {
        let mut counts = BTreeMap::<_, usize>::new();
        for waiting in self.waiting.values() {
            *counts.entry(waiting.group).or_default() += 1;
        }
        counts
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .and_then(|(group, _)| group)
    }

    fn abort_oldest(&mut self, group: Option<IpAddr>) {
        let oldest = self.waiting.iter().find(|(_, waiting)| waiting.group == group);
        if let Some(waiting) = oldest.map(|(&age, _)| age).and_then(|age| self.waiting.remove(&age)) {
            waiting.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    /// Adds silent tasks from `addresses`, and tells which of them were pushed out.
    async fn pushed_out(mut crowd: Crowd, addresses: &[&str]) -> Vec<usize> {
        let mut tasks = JoinSet::new();
        let mut numbers = Vec::new();
        for address in addresses {
            let task = tasks.spawn(std::future::pending::<()>());
            numbers.push(task.id());
            crowd.add(address.parse().ok(), task);
        }
        let kept: Vec<_> = crowd.waiting.values().map(|waiting| waiting.task.id()).collect();
        let gone = addresses.len() - kept.len();
        for _ in 0..gone {
            assert!(tasks.join_next().await.unwrap().unwrap_err().is_cancelled());
        }
        (0..addresses.len())
            .filter(|&at| !kept.contains(&numbers[at]))
            .collect()
    }

    #[tokio::test]
    async fn an_address_with_too_many_loses_its_oldest() {
        let gone = pushed_out(
            Crowd::new(9, 2),
            &["10.0.0.1", "10.0.0.2", "10.0.0.1", "::ffff:10.0.0.1"],
        )
        .await;
        assert_eq!(gone, [0]);
        let gone = pushed_out(
            Crowd::new(9, 2),
            &["2001:db8::1", "2001:db8::2", "2001:db8:0:1::", "2001:db8::3"],
        )
        .await;
        assert_eq!(gone, [0]);
    }

    #[tokio::test]
    async fn a_full_house_loses_the_oldest_of_the_greatest_crowd() {
        let gone = pushed_out(
            Crowd::new(3, 9),
            &["10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.3", "10.0.0.4"],
        )
        .await;
        assert_eq!(gone.len(), 2);
        assert!(gone.contains(&1), "{gone:?}");
    }

    #[tokio::test]
    async fn those_behind_a_shared_proxy_are_counted_together_with_all_only() {
        let gone = pushed_out(Crowd::new(9, 1), &["a proxy", "a proxy", "10.0.0.1", "10.0.0.2"]).await;
        assert_eq!(gone, Vec::<usize>::new());
        let gone = pushed_out(Crowd::new(3, 1), &["a proxy", "a proxy", "10.0.0.1", "10.0.0.2"]).await;
        assert_eq!(gone, [0]);
    }
}
