//! The gate: the only way from a request to a session.
//!
//! It decides with `guard`, answers what the decision asks, mints the session, and applies changes. INVARIANT: a session
//! is registered before the policy is read for the last time, and a change swaps the policy before it looks sessions up;
//! so whichever comes second sees the other, and no admission slips between. By what it reads then a newcomer is judged as
//! somebody new, also where a session of the same ended meanwhile. The same goes for where addresses are.

mod answers;
mod apply;
mod backends;
mod counts;
mod learn;
mod proofs;
mod renew;
mod staleness;
mod tally;
mod throttle;

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use answers::{Asker, Found};
use arc_swap::ArcSwapOption;
use backends::Backends;
use counts::Counts;
pub(crate) use counts::Reservation;
use guard::{
    Admitted, Credential, Decision, Denial, Door, Facts, Grant, Host, Permit, Policy, Presence, Reason, Request, Step,
};
use ids::{DecisionId, NodeId, SessionId, StreamName};
use learn::Learner;
use link::{Attached, Clock, Entropy, Event, Events, Kind, Protocol, SessionFacts, Visitor};
use proofs::Proofs;
use staleness::Staleness;
use tally::Tally;
use throttle::Throttle;

use crate::{
    count,
    geoip::Geoip,
    hub::{self, Hub},
    session::{Others, Registry, Session, Stay},
};

/// Decides for one node, and knows its sessions.
#[derive(Debug)]
pub struct Gate {
    policy: ArcSwapOption<Policy>,
    staleness: Staleness,
    proofs: Proofs,
    throttle: Throttle,
    backends: Backends,
    counts: Counts,
    learner: Learner,
    tally: Tally,
    sessions: Arc<Registry>,
    geoip: Geoip,
    hub: Hub,
    clock: Clock,
    entropy: Entropy,
    node: NodeId,
    events: Events,
}

/// What somebody asks for, as a protocol hands it over.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The text that should be a stream's name.
    pub name: String,
    /// What was presented.
    pub credential: Credential,
    /// From where.
    pub address: IpAddr,
    /// By which protocol.
    pub protocol: Protocol,
    /// What the player calls itself.
    pub user_agent: Option<Arc<str>>,
    /// The host of the page it came from.
    pub referrer: Option<Host>,
    /// Whether nobody on the way can read it.
    pub encrypted: bool,
    /// What a broadcaster added to the name, without key and token.
    pub parameters: Vec<(String, String)>,
}

/// The right to play one stream, and the session that it is used in.
#[derive(Debug)]
pub struct Play {
    /// Ends when dropped.
    pub stay: Stay,
    /// What is played.
    pub stream: Arc<hub::Stream>,
}

/// The right to publish one stream, and the session that it is used in.
#[derive(Debug)]
pub struct Publish {
    /// Ends when dropped.
    pub stay: Stay,
    /// Whether it replaces whoever publishes the stream.
    pub(crate) takes_over: bool,
}

impl Gate {
    /// A gate without a policy. `patience`: for how long somebody new is let in without the control plane.
    pub(crate) fn new(
        geoip: Geoip,
        hub: Hub,
        clock: Clock,
        entropy: Entropy,
        attached: &Attached,
        patience: Duration,
    ) -> Self {
        Self {
            policy: ArcSwapOption::empty(),
            staleness: Staleness::new(patience),
            proofs: Proofs::new(),
            throttle: Throttle::default(),
            backends: Backends::new(attached.questions(), clock.clone()),
            counts: Counts::new(attached.questions()),
            learner: Learner::new(attached.questions()),
            tally: Tally::default(),
            sessions: Arc::default(),
            geoip,
            hub,
            clock,
            entropy,
            node: attached.node(),
            events: attached.events(),
        }
    }

    /// Lets a viewer in for one continuous session.
    pub async fn play(&self, asked: &Asked) -> Result<Admitted<Play>, Denial> {
        let request = self.request(Door::Playback, asked);
        let (permit, judged) = self.judge(asked, request, None, None).await?;
        let stream = self.stream(asked, &permit)?;
        let stay = self.enter(asked, &judged, &permit)?;
        Ok(permit.admit(Play { stay, stream }))
    }

    /// Decides one request of a session that spans many requests. Where it is `known` already it is decided by its newest
    /// token; where it was ended, and what is shown has expired, it is refused with what ended the session.
    pub async fn glance(&self, asked: &Asked, known: Option<&Session>) -> Result<Admitted<Glance>, Denial> {
        let mut request = self.request(Door::Playback, asked);
        let ended = known.and_then(Session::reason);
        let running = known.filter(|_| ended.is_none());
        if let Some(session) = running {
            let newest = session.request();
            request.credential = newest.credential.clone();
            request.proofs = newest.proofs.clone();
        }
        let (permit, judged) = self.judge(asked, request, running, ended).await?;
        let stream = self.stream(asked, &permit)?;
        Ok(permit.admit(Glance { stream, judged }))
    }

    /// Makes the session of an admitted glance; none where it was decided as one of a session that ran: if that one is over
    /// by now, whoever asks has to be decided upon as somebody new.
    pub(crate) fn settle(&self, asked: &Asked, glance: &Admitted<Glance>) -> Result<Option<Stay>, Denial> {
        let judged = &glance.target().judged;
        if judged.facts.running {
            return Ok(None);
        }
        self.enter(asked, judged, glance.permit()).map(Some)
    }

    /// Lets a broadcaster in.
    pub async fn publish(&self, asked: &Asked) -> Result<Admitted<Publish>, Denial> {
        let request = self.request(Door::Ingest, asked);
        let (permit, judged) = self.judge(asked, request, None, None).await?;
        let stay = self.enter(asked, &judged, &permit)?;
        let stream = judged.policy.stream(permit.name());
        let takes_over = stream.is_some_and(|stream| stream.is_taken_over_with(&judged.request.credential));
        Ok(permit.admit(Publish { stay, takes_over }))
    }

    /// Whether there is a policy to let somebody new in by.
    pub fn ready(&self) -> bool {
        self.policy.load().is_some() && !self.is_too_old()
    }

    /// The control plane is gone: the policy that there is stays in force, and lets somebody new in for a while.
    pub(crate) fn lose_control(&self) {
        self.staleness.begin(self.clock.now());
    }

    fn is_too_old(&self) -> bool {
        self.staleness.is_over(self.clock.now())
    }

    pub(crate) fn policy(&self) -> Option<Arc<Policy>> {
        self.policy.load_full()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A refusal that came after the decision, told like any other.
    pub(crate) fn refuse(&self, door: Door, asked: &Asked, reason: Reason) -> Denial {
        self.denied(asked, door, reason.into(), None)
    }

    /// A refusal of what was asked of no stream.
    pub(crate) fn turn_away(&self, reason: Reason) -> Denial {
        let decision = self.decision();
        count::turned_away(reason);
        tracing::info!(denial.reason = reason.as_str(), decision.id = %decision, "refused");
        Denial {
            decision: Some(decision),
            ..reason.into()
        }
    }

    /// Whether nothing is known that speaks against this as it is; nothing is asked, counted, told or made.
    pub(crate) fn would_admit(&self, door: Door, asked: &Asked) -> bool {
        let request = self.request(door, asked);
        let Some(policy) = self.policy.load_full().filter(|_| !self.is_too_old()) else {
            return false;
        };
        !matches!(
            guard::decide(&request, &Facts::default(), &policy, self.clock.now()),
            Decision::Deny(_)
        )
    }

    fn request(&self, door: Door, asked: &Asked) -> Request {
        let address = guard::fold(asked.address);
        Request {
            place: self.geoip.place(address),
            referrer: asked.referrer.clone(),
            agent: asked.user_agent.clone(),
            encrypted: asked.encrypted,
            ..Request::new(door, asked.name.parse().ok(), address, asked.credential.clone())
        }
    }

    async fn judge(
        &self,
        asked: &Asked,
        mut request: Request,
        session: Option<&Session>,
        ended: Option<Reason>,
    ) -> Result<(Permit, Judged), Denial> {
        let running = session.is_some();
        if !running {
            if self.is_too_old() {
                return Err(self.denied(asked, request.door, Reason::NotReady.into(), None));
            }
            self.learn(&request).await;
        }
        let Some(policy) = self.policy.load_full() else {
            return Err(self.denied(asked, request.door, Reason::NotReady.into(), None));
        };
        let (viewers, bandwidth_bit_s) = self.sessions.load(&policy, &request);
        let mut facts = Facts {
            // Whoever was let in is not slowed for what neighbours do.
            throttled: !running && self.throttle.slows(request.address, self.clock.now()),
            publisher: self.presence(&policy, request.door, request.stream.as_ref()),
            running,
            since: session.and_then(Session::since),
            viewers,
            bandwidth_bit_s,
            ..Facts::default()
        };
        let id = OnceLock::new();
        let replaces = self.replaced(&policy, &request);
        let asker = Asker {
            client: &id,
            protocol: asked.protocol,
            parameters: &asked.parameters,
            running: false,
            besides: replaces,
            ended,
        };
        let (permit, found) = self.settle_all(asked, asker, &policy, &mut request, &mut facts).await?;
        let judged = Judged {
            id,
            request,
            facts,
            policy,
            found,
            replaces,
        };
        Ok((permit, judged))
    }

    /// Has the control plane look for a key that is named and not known.
    async fn learn(&self, request: &Request) {
        if let Some(policy) = self.policy.load_full() {
            self.learner.learn(request, &policy, self.clock.now()).await;
        }
    }

    /// Decides, and finds out whatever is asked for it.
    async fn settle_all(
        &self,
        asked: &Asked,
        asker: Asker<'_>,
        policy: &Policy,
        request: &mut Request,
        facts: &mut Facts,
    ) -> Result<(Permit, Found), Denial> {
        let mut found = Found::default();
        loop {
            match guard::decide(request, facts, policy, self.clock.now()) {
                Decision::Admit(permit) => return Ok((permit, found)),
                Decision::Deny(denial) => {
                    let known = Known { request, facts, policy };
                    let ended = asker.ended.filter(|_| denial.reason == Reason::TokenExpired);
                    let denial = ended.map_or(denial, Denial::from);
                    return Err(self.denied(asked, request.door, denial, Some(known)));
                }
                Decision::Ask(question) => {
                    self.answer(question, asker, policy, request, facts, &mut found).await;
                }
            }
        }
    }

    fn presence(&self, policy: &Policy, door: Door, name: Option<&StreamName>) -> Presence {
        let stream = name
            .and_then(|name| policy.stream(name))
            .and_then(|stream| self.hub.stream(stream.id));
        let present = match door {
            Door::Playback => stream.is_some(),
            Door::Ingest => stream.is_some_and(|stream| stream.publisher().is_some()),
        };
        if present { Presence::Present } else { Presence::Absent }
    }

    /// The broadcaster who would be replaced.
    fn replaced(&self, policy: &Policy, request: &Request) -> Option<SessionId> {
        let stream = policy.stream(request.stream.as_ref()?)?;
        let replaces = request.door == Door::Ingest && stream.is_taken_over_with(&request.credential);
        let publisher = replaces.then(|| self.hub.stream(stream.id)?.publisher())?;
        publisher.map(|session| session.id)
    }

    fn stream(&self, asked: &Asked, permit: &Permit) -> Result<Arc<hub::Stream>, Denial> {
        self.hub
            .stream(permit.stream())
            .ok_or_else(|| self.denied(asked, permit.door(), Reason::StreamOffline.into(), None))
    }

    fn enter(&self, asked: &Asked, judged: &Judged, permit: &Permit) -> Result<Stay, Denial> {
        let (request, policy) = (judged.request.clone(), &judged.policy);
        let id = *judged.id.get_or_init(|| self.new_session());
        let session = Arc::new(Session::new(
            id,
            asked.protocol,
            request,
            permit.clone(),
            (judged.found.word, policy.backend_edition(permit.organisation())),
            asked.parameters.clone(),
            judged.found.reservation.clone(),
        ));
        let others = self.sessions.insert(&session, judged.replaces);
        let located = self.geoip.locate(asked.address);
        self.sessions.relocate(&session, located.place);
        if let Err(denial) = self.judge_newcomer(&session, judged, others) {
            self.sessions.remove(&session);
            return Err(self.denied(asked, permit.door(), denial, Some(judged.known())));
        }
        count::allowed(asked.protocol);
        self.tally.count(permit.organisation(), permit.rules_met());
        let marks = |grant: &Grant| Grant {
            marks: guard::marks(&judged.request, &judged.facts, policy, self.clock.now()),
            ..grant.clone()
        };
        let facts = SessionFacts {
            session: id,
            organisation: permit.organisation(),
            stream: permit.stream(),
            name: permit.name().clone(),
            door: permit.door(),
            protocol: asked.protocol,
            address: guard::fold(asked.address),
            place: located.place,
            provider: located.provider,
            encrypted: asked.encrypted,
            grant: permit.grant().map(marks),
            user_agent: asked.user_agent.clone(),
            referrer: asked.referrer.as_ref().map(|host| host.as_str().into()),
        };
        tracing::info!(session.id = %id, stream.name = %permit.name(), protocol = asked.protocol.as_str(), "admitted");
        self.tell(Kind::Started(facts));
        Ok(Stay::new(
            session,
            self.sessions.clone(),
            self.clock.clone(),
            self.node,
            self.events.clone(),
        ))
    }

    /// Whether a session that has just been registered may begin: several may have been decided at once, and the policy may
    /// be another by now. It is somebody new still, and what was asked about it is not asked again.
    fn judge_newcomer(&self, session: &Session, judged: &Judged, others: Others) -> Result<Permit, Denial> {
        let facts = Facts {
            publisher: Presence::Unasked,
            viewers: others.viewers,
            bandwidth_bit_s: 0,
            sessions: Some(others.sessions),
            // The session knows what was said of it, and by which edition.
            backend: None,
            ..judged.facts
        };
        let current = self.policy.load_full().unwrap_or_else(|| judged.policy.clone());
        self.judge_session(session, facts, &current)
    }

    fn denied(&self, asked: &Asked, door: Door, mut denial: Denial, known: Option<Known<'_>>) -> Denial {
        let decision = self.decision();
        denial.decision = Some(decision);
        let (address, now) = (guard::fold(asked.address), self.clock.now());
        self.throttle.denied(address, denial.reason, now);
        if denial.reason == Reason::Throttled {
            let lasts = self.throttle.lasts(address, now);
            denial.retry_after_s = lasts.and_then(|left| u16::try_from(left.as_micros().div_ceil(1_000_000)).ok());
        }
        count::denied(asked.protocol, denial.reason);
        let name: Option<StreamName> = asked.name.parse().ok();
        tracing::info!(
            denial.reason = denial.reason.as_str(),
            decision.id = %decision,
            rule.id = denial.rule.map(tracing::field::display),
            stream.name = name.as_ref().map(StreamName::as_str),
            protocol = asked.protocol.as_str(),
            "refused"
        );
        if let Some(stream) = name {
            let organisation = self
                .policy()
                .and_then(|policy| Some(policy.tenant_of(&stream)?.organisation.id));
            if let Some(organisation) = organisation {
                self.tally.count(organisation, denial.rules_met());
            }
            let (protocol, reason) = (asked.protocol, denial.reason);
            // Of what is nobody's, nobody asks why.
            let trace = organisation.map_or_else(Vec::new, |_| self.trace(&denial, known));
            let visitor = organisation.map_or_else(Visitor::default, |_| self.visitor(asked, known));
            self.tell(Kind::Denied {
                organisation,
                stream,
                door,
                protocol,
                address,
                reason,
                decision,
                trace,
                visitor,
            });
        }
        denial.outwards()
    }

    /// The steps that led to a refusal: the same decision once more, with its explanation.
    fn trace(&self, denial: &Denial, known: Option<Known<'_>>) -> Vec<Step> {
        let (explained, mut steps) = known.map_or_else(Default::default, |Known { request, facts, policy }| {
            let (decision, steps) = guard::explain(request, facts, policy, self.clock.now());
            (Some(decision), steps)
        });
        if !matches!(explained, Some(Decision::Deny(found)) if found.reason == denial.reason) {
            steps.push(Step::afterwards(denial));
        }
        steps
    }

    /// Who was refused. A token counts where it was proven: what a stranger writes into one says nothing about whose it is.
    fn visitor(&self, asked: &Asked, known: Option<Known<'_>>) -> Visitor {
        let located = self.geoip.locate(asked.address);
        Visitor {
            place: located.place,
            provider: located.provider,
            grant: known
                .and_then(|Known { request, facts, policy }| guard::proven(request, facts, policy, self.clock.now())),
            user_agent: asked.user_agent.clone(),
            referrer: asked.referrer.as_ref().map(|host| host.as_str().into()),
        }
    }

    fn tell(&self, kind: Kind) -> bool {
        self.events.tell(Event {
            at: self.clock.now(),
            node: self.node,
            kind,
        })
    }

    fn decision(&self) -> DecisionId {
        DecisionId::mint(self.unix_ms(), self.entropy.bytes())
    }

    fn new_session(&self) -> SessionId {
        SessionId::mint(self.unix_ms(), self.entropy.bytes())
    }

    fn unix_ms(&self) -> u64 {
        u64::try_from(self.clock.now().ms()).unwrap_or(0)
    }
}

/// One admitted request of a session that spans many.
#[derive(Debug)]
pub struct Glance {
    /// What is played.
    pub stream: Arc<hub::Stream>,
    judged: Judged,
}

/// What an admission was decided by.
#[derive(Debug)]
struct Judged {
    /// What the session is called, if it becomes one; known where somebody was asked about it.
    id: OnceLock<SessionId>,
    request: Request,
    facts: Facts,
    policy: Arc<Policy>,
    found: Found,
    /// Who goes when it comes, and does not count beside it.
    replaces: Option<SessionId>,
}

/// What a refusal was decided by.
#[derive(Clone, Copy, Debug)]
struct Known<'a> {
    request: &'a Request,
    facts: &'a Facts,
    policy: &'a Policy,
}

impl Judged {
    fn known(&self) -> Known<'_> {
        Known {
            request: &self.request,
            facts: &self.facts,
            policy: &self.policy,
        }
    }
}
