//! What is typed, what came of it, and the mark that the arrows move through it.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};

use super::{
    hit::{self, Hit},
    list,
};
use crate::{
    api::{client::Api, failure::Failure, search},
    browser,
};

/// How long nothing must be typed before it is asked for.
const TYPED_FOR: Duration = Duration::from_millis(180);

/// How long an answer may take before it is said that it takes long.
const SLOW_AFTER: Duration = Duration::from_millis(700);

/// What the box shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    /// Nothing was asked for: what was opened of late.
    Recent(Vec<Hit>),
    /// What was found for a text, by kind.
    Found(String, Vec<Group>),
    Failed(Failure),
}

/// Hits of a kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) label: &'static str,
    pub(super) hits: Vec<Hit>,
    /// How many there are in all, where that is more than these.
    pub(super) total: Option<i32>,
}

impl Shown {
    /// Every hit, from the top down.
    pub(super) fn hits(&self) -> Vec<Hit> {
        match self {
            Self::Recent(hits) => hits.clone(),
            Self::Found(_, groups) => groups.iter().flat_map(|group| group.hits.clone()).collect(),
            Self::Failed(_) => Vec::new(),
        }
    }
}

/// One opening of the box.
#[derive(Clone, Copy)]
pub(super) struct Seek {
    api: Api,
    recent: StoredValue<Vec<Hit>>,
    typing: StoredValue<Option<TimeoutHandle>>,
    pub(super) text: RwSignal<String>,
    pub(super) shown: RwSignal<Shown>,
    /// Which hit is marked.
    pub(super) at: RwSignal<usize>,
    /// Until there is an answer for what is typed: what is shown is for something else.
    waiting: RwSignal<bool>,
    /// Whether that takes long.
    pub(super) slow: RwSignal<bool>,
}

impl Seek {
    pub(super) fn new(api: Api, recent: Vec<Hit>) -> Self {
        Self {
            api,
            recent: StoredValue::new(recent.clone()),
            typing: StoredValue::new(None),
            text: RwSignal::new(String::new()),
            shown: RwSignal::new(Shown::Recent(recent)),
            at: RwSignal::new(0),
            waiting: RwSignal::new(false),
            slow: RwSignal::new(false),
        }
    }

    /// Something was typed: it is asked for once the typing rests.
    pub(super) fn typed(self) {
        if let Some(before) = self.typing.get_value() {
            before.clear();
        }
        if self.wanted().is_some() {
            self.waiting.set(true);
            let timeout = set_timeout_with_handle(move || self.ask(), TYPED_FOR);
            self.typing.set_value(timeout.ok());
        } else {
            self.show(Shown::Recent(self.recent.get_value()));
        }
    }

    /// Asks for what is typed.
    pub(super) fn ask(self) {
        let Some(wanted) = self.wanted() else { return };
        self.waiting.set(true);
        let late = wanted.clone();
        spawn_local(async move {
            sleep(SLOW_AFTER).await;
            if self.waits_for(&late) {
                self.slow.set(true);
            }
        });
        spawn_local(async move {
            let found = search::search(self.api, wanted.clone()).await;
            if self.waits_for(&wanted) {
                self.show(match found {
                    Ok(found) => Shown::Found(wanted.clone(), hit::groups(found, &wanted)),
                    Err(failure) => Shown::Failed(failure),
                });
            }
        });
    }

    /// Moves the mark down, or up, and round the ends.
    pub(super) fn step(self, down: bool) {
        let count = self.shown.with_untracked(Shown::hits).len();
        if count > 0 {
            let step = if down { 1 } else { count - 1 };
            self.at.update(|at| *at = (*at + step) % count);
            browser::reveal(&list::option_id(self.at.get_untracked()));
        }
    }

    /// The marked hit, unless it is for something that was typed before.
    pub(super) fn chosen(self) -> Option<Hit> {
        let hits = self.shown.with_untracked(Shown::hits);
        let chosen = hits.into_iter().nth(self.at.get_untracked());
        chosen.filter(|_| !self.waiting.get_untracked())
    }

    fn show(self, shown: Shown) {
        self.waiting.set(false);
        self.slow.set(false);
        self.at.set(0);
        self.shown.set(shown);
    }

    /// What is typed, if it is anything, and the box is still open.
    fn wanted(self) -> Option<String> {
        let text = self.text.try_get_untracked()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn waits_for(self, text: &str) -> bool {
        self.wanted().is_some_and(|wanted| wanted == text) && self.waiting.get_untracked()
    }
}
