//! What is asked for and told of at once: an answer may be older than what was told while it was on its way.

use std::{collections::VecDeque, future::Future};

use leptos::prelude::*;

use super::{
    Load,
    paged::{as_much, replace},
};
use crate::api::{failure::Failure, live::use_live, page::Page};

/// So many events are kept for an answer that is on its way; of more, the latest.
const KEPT: usize = 500;

/// What is told of a value.
pub(crate) struct Told<V: 'static, E: Send + Sync + 'static> {
    fold: fn(&mut V, E),
    tape: StoredValue<Tape<E>>,
}

impl<V: 'static, E: Send + Sync + 'static> Clone for Told<V, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: 'static, E: Send + Sync + 'static> Copy for Told<V, E> {}

impl<V: Send + Sync + 'static, E: Clone + Send + Sync + 'static> Told<V, E> {
    /// `fold` says what becomes of the value with an event. It may be told what the value knows already.
    pub(crate) fn new(fold: fn(&mut V, E)) -> Self {
        Self {
            fold,
            tape: StoredValue::new(Tape::default()),
        }
    }

    /// What `asking` brings, with what is heard from now until then.
    pub(crate) fn answered<F>(self, asking: F) -> impl Future<Output = Result<V, Failure>> + 'static
    where
        F: Future<Output = Result<V, Failure>> + 'static,
    {
        let since = self.tape.try_update_value(Tape::begin).unwrap_or_default();
        async move {
            let answer = asking.await;
            let heard = self.tape.try_update_value(|tape| tape.end(since)).unwrap_or_default();
            let mut value = answer?;
            for event in heard {
                (self.fold)(&mut value, event);
            }
            Ok(value)
        }
    }

    /// Hears of an event: it changes what `load` shows, and what is on its way.
    pub(crate) fn hear(self, load: Load<V>, event: E) {
        self.tape.update_value(|tape| tape.hear(&event));
        load.value().update(|value| {
            if let Some(value) = value {
                (self.fold)(value, event);
            }
        });
    }
}

/// What was heard since the oldest question began that is not answered yet.
struct Tape<E> {
    heard: VecDeque<E>,
    /// How much was heard in all.
    count: usize,
    /// How many questions are not answered yet.
    open: usize,
}

impl<E> Default for Tape<E> {
    fn default() -> Self {
        Self {
            heard: VecDeque::new(),
            count: 0,
            open: 0,
        }
    }
}

impl<E: Clone> Tape<E> {
    /// A question begins: how much was heard before.
    fn begin(&mut self) -> usize {
        self.open += 1;
        self.count
    }

    fn hear(&mut self, event: &E) {
        if self.open == 0 {
            return;
        }
        self.count = self.count.wrapping_add(1);
        self.heard.push_back(event.clone());
        if self.heard.len() > KEPT {
            self.heard.pop_front();
        }
    }

    /// It is answered: what was heard meanwhile.
    fn end(&mut self, since: usize) -> Vec<E> {
        let many = self.count.wrapping_sub(since);
        let before = self.heard.len().saturating_sub(many);
        let heard = self.heard.iter().skip(before).cloned().collect();
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.heard.clear();
        }
        heard
    }
}

/// A list that arrives in pages and is told of. When the connection comes back, as much of it is asked for as had arrived.
pub(crate) struct Followed<T: Send + Sync + 'static, E: Send + Sync + 'static> {
    load: Load<Page<T>>,
    told: Told<Page<T>, E>,
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Clone for Followed<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static, E: Send + Sync + 'static> Copy for Followed<T, E> {}

impl<T: Send + Sync + 'static, E: Clone + Send + Sync + 'static> Followed<T, E> {
    /// Asks for the first page of what `question` holds, whenever it holds another.
    pub(crate) fn new<Q, A, F>(question: Memo<Q>, ask: A, fold: fn(&mut Page<T>, E)) -> Self
    where
        Q: Clone + PartialEq + Send + Sync + 'static,
        A: Fn(Q, Option<String>) -> F + Copy + 'static,
        F: Future<Output = Result<Page<T>, Failure>> + 'static,
    {
        let told = Told::new(fold);
        let load = Load::new(move || told.answered(ask(question.get(), None)));
        use_live().at_return(move || {
            let asking = as_much(load, question.get_untracked(), ask);
            replace(load, question, told.answered(asking));
        });
        Self { load, told }
    }

    /// Hears of an event.
    pub(crate) fn hear(self, event: E) {
        self.told.hear(self.load, event);
    }

    /// The list.
    pub(crate) fn load(self) -> Load<Page<T>> {
        self.load
    }
}
