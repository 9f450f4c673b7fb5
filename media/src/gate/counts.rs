//! What the control plane counts for all nodes: addresses that tokens lock themselves to, and uses.
//!
//! An address that was found bound once is remembered, so that it passes without the control plane. A use is reserved
//! before anybody is let in, and left again where not a byte of media was sent for it.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use guard::{Binding, Use};
use ids::{OrganisationId, UseId};
use link::{Answer, Counted, Question, Questions};

/// Asks, and remembers which addresses are bound.
#[derive(Debug)]
pub(super) struct Counts {
    questions: Questions,
    bound: Mutex<Generations>,
}

/// The last that were found, in two generations: what is asked for again survives, the rest is dropped in bulk.
#[derive(Debug, Default)]
struct Generations {
    young: HashSet<Bound>,
    old: HashSet<Bound>,
}

type Bound = (OrganisationId, Arc<str>, IpAddr);

/// A use that is reserved: dropping it leaves it to others, unless it was spent.
#[derive(Debug)]
pub(crate) struct Reservation {
    questions: Questions,
    organisation: OrganisationId,
    id: UseId,
    spent: AtomicBool,
}

impl Counts {
    pub(super) fn new(questions: Questions) -> Self {
        Self {
            questions,
            bound: Mutex::default(),
        }
    }

    /// Whether the token may be used from `address`.
    pub(super) async fn bind(&self, token: Counted, address: IpAddr, most: u32) -> Binding {
        let key = (token.organisation, token.jti.clone(), address);
        if self.knows(&key) {
            return Binding::Bound;
        }
        let question = Question::Binding { token, address, most };
        match self.questions.ask(question).await {
            Some(Answer::Binding(binding)) => {
                if binding == Binding::Bound {
                    self.remember(key);
                }
                binding
            }
            _ => Binding::Unknown,
        }
    }

    /// Reserves a use of the token, if one is left.
    pub(super) async fn reserve(&self, token: Counted, id: UseId, most: u32) -> (Use, Option<Reservation>) {
        // There before it is asked for: whoever stops listening may have been given it.
        let reservation = Reservation {
            questions: self.questions.clone(),
            organisation: token.organisation,
            id,
            spent: AtomicBool::new(false),
        };
        match self.questions.ask(Question::Use { token, id, most }).await {
            Some(Answer::Use(Use::Reserved)) => (Use::Reserved, Some(reservation)),
            Some(Answer::Use(uses)) => {
                reservation.spend();
                (uses, None)
            }
            _ => (Use::Unknown, None),
        }
    }

    fn knows(&self, key: &Bound) -> bool {
        let mut generations = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.contains(key) {
            return true;
        }
        let survives = generations.old.remove(key);
        if survives {
            generations.young.insert(key.clone());
        }
        survives
    }

    fn remember(&self, key: Bound) {
        let mut generations = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(key);
    }
}

impl Reservation {
    /// There is nothing to give back: media was sent for it, or it was never given.
    pub(crate) fn spend(&self) {
        self.spent.store(true, Ordering::SeqCst);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.spent.load(Ordering::SeqCst) {
            self.questions.give_back(self.organisation, self.id);
        }
    }
}

/// Entries per generation; an entry is about 100 bytes.
const GENERATION: usize = 100_000;
