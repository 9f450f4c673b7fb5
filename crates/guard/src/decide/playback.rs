//! May this viewer see the stream?

use super::{
    Case, Presence, Stop,
    credential::Proven,
    judge_organisation,
    trace::{Trace, shown},
};
use crate::{
    End, Permit, Reason,
    policy::{Stream, StreamStanding, Tenant},
    rules::Kind,
};

impl Case<'_> {
    pub(super) fn judge_playback(&self, trace: &mut impl Trace) -> Result<Permit, Stop> {
        // What does not exist answers as a secured stream does.
        let open = self
            .stream
            .zip(self.tenant)
            .filter(|(stream, tenant)| !stream.needs_token(&tenant.organisation));
        if let Some((stream, tenant)) = open {
            self.judge_bare(tenant, stream, trace)?;
            return self.pass_viewer(None, stream, tenant, trace);
        }
        let proven = self.prove(trace)?;
        // INVARIANT: what was proven was proven by the tenant's word.
        let Some(tenant) = self.tenant else {
            return Err(Reason::TokenKey.into());
        };
        proven.judge(self, tenant, trace)?;
        let stream = self.judge_existence(trace)?;
        self.pass_viewer(Some(&proven), stream, tenant, trace)
    }

    fn pass_viewer(
        &self,
        proven: Option<&Proven<'_>>,
        stream: &Stream,
        tenant: &Tenant,
        trace: &mut impl Trace,
    ) -> Result<Permit, Stop> {
        judge_organisation(tenant, trace)?;
        let locked = stream.standing == StreamStanding::Locked;
        trace.check("standing", locked.then_some(Reason::StreamLocked), || {
            format!("{:?}", stream.standing)
        })?;
        let offline = self.facts.publisher == Presence::Absent;
        trace.check("live", offline.then_some(Reason::StreamOffline), || {
            format!("{:?}", self.facts.publisher)
        })?;
        let backend = self.judge_limits(proven, tenant, trace)?;
        Ok(self.permit(stream, tenant, proven, backend))
    }
}

impl<'a> Case<'a> {
    pub(super) fn judge_existence(&self, trace: &mut impl Trace) -> Result<&'a Stream, Stop> {
        trace.check("stream", self.stream.is_none().then_some(Reason::StreamUnknown), || {
            shown(self.request.stream.as_ref())
        })?;
        self.stream.ok_or_else(|| Reason::StreamUnknown.into())
    }

    pub(super) fn permit(
        &self,
        stream: &Stream,
        tenant: &Tenant,
        proven: Option<&Proven<'_>>,
        backend: Option<End>,
    ) -> Permit {
        Permit {
            door: self.request.door,
            organisation: stream.organisation,
            stream: stream.id,
            name: stream.name.clone(),
            end: End::first(proven.and_then(|proven| proven.end(tenant)), backend),
            grant: proven.map(Proven::grant),
            excepted: [None; Kind::ALL.len()],
            monitored: Vec::new(),
        }
    }
}
