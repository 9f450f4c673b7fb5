//! Do the organisation's rules keep this one out, whatever they hold?

use ids::RuleId;

use super::{Case, Credential, Stop, trace::Trace};
use crate::{
    Denial, End,
    policy::Package,
    rules::{Asked, Kind, Monitored, RuleScope, Verdict},
};

/// What rules that let in leave behind.
#[derive(Default)]
pub(super) struct Excepted {
    /// When the first of them ends.
    pub(super) end: Option<End>,
    /// Which they are, by the order of their kinds.
    pub(super) rules: [Option<RuleId>; Kind::ALL.len()],
}

impl Case<'_> {
    /// Judges every kind.
    pub(super) fn judge_guardian(
        &self,
        monitored: &mut Vec<Monitored>,
        trace: &mut impl Trace,
    ) -> Result<Excepted, Stop> {
        let mut excepted = Excepted::default();
        let Some(tenant) = self.tenant else { return Ok(excepted) };
        let own = matches!(self.request.credential, Credential::TestSource);
        if own || tenant.rules.is_empty() || !tenant.organisation.packages.has(Package::Guardian) {
            return Ok(excepted);
        }
        let organisation = RuleScope::Organisation;
        let stream = self.stream.map(|stream| RuleScope::Stream(stream.id));
        let group = self.stream.and_then(|stream| stream.group).map(RuleScope::Group);
        let (one, two, three);
        let scopes: &[RuleScope] = match (stream, group) {
            (Some(stream), Some(group)) => {
                three = [organisation, group, stream];
                &three
            }
            (Some(stream), None) => {
                two = [organisation, stream];
                &two
            }
            (None, _) => {
                one = [organisation];
                &one
            }
        };
        let asked = Asked {
            door: self.request.door,
            scopes,
            address: crate::fold(self.request.address),
            place: self.request.place,
            referrer: self.request.referrer.as_ref(),
            agent: self.request.agent.as_deref(),
        };
        // All kinds are looked at before one refuses: a monitored rule counts whoever fits it.
        let verdicts = Kind::ALL.map(|kind| (kind, tenant.rules.judge(kind, &asked, self.now, monitored)));
        for ((kind, verdict), rule) in verdicts.into_iter().zip(&mut excepted.rules) {
            self.hear(kind, &verdict, trace)?;
            let until = verdict.until.map(|at| End {
                at,
                reason: kind.reason(),
            });
            excepted.end = End::first(excepted.end, until);
            *rule = verdict.winner.map(|rule| rule.id);
        }
        Ok(excepted)
    }

    fn hear(&self, kind: Kind, verdict: &Verdict<'_>, trace: &mut impl Trace) -> Result<(), Stop> {
        let rule = verdict.winner.filter(|_| verdict.denies());
        let denial = rule.map(|rule| Denial {
            rule: Some(rule.id),
            ..kind.reason().into()
        });
        let request = self.request;
        trace.deny(kind.step(), denial, || {
            let unknown = || "unknown".to_owned();
            let value = match kind {
                Kind::Ip => request.address.to_string(),
                Kind::Asn => request.place.asn.map_or_else(unknown, |asn| asn.to_string()),
                Kind::Country => request
                    .place
                    .country
                    .map_or_else(unknown, |country| country.to_string()),
                Kind::Referrer => request.referrer.as_ref().map_or_else(unknown, ToString::to_string),
                Kind::UserAgent => request.agent.as_deref().map_or_else(unknown, str::to_owned),
            };
            match &verdict.winner {
                None => format!("{value}; no rule fits"),
                Some(rule) => format!("{value}; {} {:?} {}", rule.id, rule.action, rule.matcher),
            }
        })
    }
}
