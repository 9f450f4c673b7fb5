//! What customers' backends said. A crowd that asks the same is one question; the answer is remembered until it has to
//! be asked for again, so that nobody comes in on one that is about to end; a refusal for 5 s, and nothing beyond a
//! change.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::{Credential, Door, Request, Timestamp, Verdict};
use ids::{OrganisationId, SessionId};
use link::{Answer, Clock, Inquiry, Protocol, Question, Questions};
use tokio::sync::OnceCell;

use super::answers::Asker;
use crate::session::Word;

/// Asks backends, through the control plane.
#[derive(Debug)]
pub(super) struct Backends {
    heard: Mutex<HashMap<Distinct, Arc<OnceCell<Heard>>>>,
    questions: Questions,
    clock: Clock,
}

/// What makes two questions different ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Distinct {
    organisation: OrganisationId,
    stream: String,
    door: Door,
    protocol: Protocol,
    address: IpAddr,
    running: bool,
    credential: Option<Arc<str>>,
    user_agent: Option<Arc<str>>,
    referrer: Option<Arc<str>>,
    parameters: Vec<(String, String)>,
}

/// An answer, and how long it is remembered.
#[derive(Clone, Copy, Debug)]
struct Heard {
    word: Word,
    until: Timestamp,
}

impl Backends {
    pub(super) fn new(questions: Questions, clock: Clock) -> Self {
        Self {
            heard: Mutex::default(),
            questions,
            clock,
        }
    }

    /// What the backend says.
    pub(super) async fn hear(&self, inquiry: Inquiry) -> Word {
        let cell = self.cell(Distinct::of(&inquiry));
        let heard = cell.get_or_init(|| self.ask(inquiry)).await;
        heard.word
    }

    /// Forgets all answers about these organisations; those on their way are heard by who waits for them, and nobody else.
    pub(super) fn forget(&self, organisations: &HashSet<OrganisationId>) {
        self.lock()
            .retain(|distinct, _| !organisations.contains(&distinct.organisation));
    }

    async fn ask(&self, inquiry: Inquiry) -> Heard {
        let (door, asked) = (inquiry.door, self.clock.now());
        let verdict = match self.questions.ask(Question::Backend(Box::new(inquiry))).await {
            Some(Answer::Backend(verdict)) => verdict,
            _ => Verdict::Unavailable,
        };
        let now = self.clock.now();
        let word = Word::new(verdict, asked, now);
        let until = match (verdict, door) {
            // Each publish is one of its own.
            (Verdict::Allowed { .. }, Door::Ingest) => now,
            (Verdict::Allowed { .. }, Door::Playback) => word.again.unwrap_or_else(|| now.plus(UNSAID)),
            (Verdict::Denied | Verdict::Unavailable, _) => now.plus(REFUSED),
        };
        Heard { word, until }
    }

    fn cell(&self, distinct: Distinct) -> Arc<OnceCell<Heard>> {
        let now = self.clock.now();
        let mut heard = self.lock();
        if heard.len() >= MOST {
            heard.retain(|_, cell| cell.get().is_none_or(|heard| heard.until > now));
        }
        if heard.len() >= MOST {
            heard.clear();
        }
        let cell = heard.entry(distinct).or_default();
        if cell.get().is_some_and(|heard| heard.until <= now) {
            *cell = Arc::default();
        }
        cell.clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Distinct, Arc<OnceCell<Heard>>>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Distinct {
    fn of(inquiry: &Inquiry) -> Self {
        let inquiry = inquiry.clone();
        Self {
            organisation: inquiry.organisation,
            stream: inquiry.stream.as_str().to_owned(),
            door: inquiry.door,
            protocol: inquiry.protocol,
            address: inquiry.address,
            // Of a viewer the same answer serves both; a broadcaster who goes on is asked about by another name.
            running: inquiry.running && inquiry.door == Door::Ingest,
            credential: inquiry.credential,
            user_agent: inquiry.user_agent,
            referrer: inquiry.referrer,
            parameters: inquiry.parameters,
        }
    }
}

/// What a backend is told of a request; `None` for what names no stream, of which nobody is asked.
pub(super) fn inquiry(
    organisation: OrganisationId,
    request: &Request,
    asker: Asker<'_>,
    client: SessionId,
) -> Option<Inquiry> {
    let credential = match &request.credential {
        Credential::Opaque(opaque) => Some(opaque.text().into()),
        _ => None,
    };
    Some(Inquiry {
        organisation,
        stream: request.stream.clone()?,
        door: request.door,
        protocol: asker.protocol,
        address: request.address,
        client,
        running: asker.running,
        credential,
        user_agent: request.agent.clone(),
        referrer: request.referrer.as_ref().map(|host| host.as_str().into()),
        parameters: asker.parameters.to_vec(),
    })
}

/// How long a refusal is remembered.
const REFUSED: Duration = Duration::from_secs(5);
/// How long a yes is remembered that does not say for how long it holds.
const UNSAID: Duration = Duration::from_mins(1);
/// Answers that are remembered; an entry is about 400 bytes.
const MOST: usize = 100_000;
