//! Before something is approved: whom it would cut now, and until when.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    api::{
        client::{Api, use_api},
        failure::Failure,
        misuse::{self, AddressUsageOrder, Filter, TimeRange, TokenUsageOrder},
        responses::{self, ApproveResponseInput, Response},
        revocation::RevokeTokensInput,
        rules::{Action, Candidate, Doors, Kind, Mode},
        scalar::TokenStatus,
        viewer_usage::{self, ViewerUsageOrder},
    },
    kit::{Dialog, DialogForm, Doing, Load, Notice, Tone, use_toasts},
    pages::{
        guardian::{Trial, done, tried},
        misuse::panel::part,
        tokens::{Hit, Whom},
    },
    time,
};

/// What is to be approved.
#[derive(Clone, PartialEq)]
pub(super) struct Approving {
    pub(super) response: Response,
    /// Who is to be kept out, as in `Address 192.0.2.7`.
    pub(super) whom: String,
}

/// Setting it opens the dialog.
pub(super) type Asked = RwSignal<Option<Approving>>;

/// The dialog. `again` has the list asked for anew.
#[component]
pub(super) fn Approve(asked: Asked, again: Callback<()>) -> impl IntoView {
    let (open, approving) = (RwSignal::new(false), RwSignal::new(None::<Approving>));
    Effect::new(move |_| {
        if let Some(one) = asked.get() {
            asked.set(None);
            approving.set(Some(one));
            open.set(true);
        }
    });
    let title = Signal::derive(move || {
        let whom = approving.with(|one| one.as_ref().map(|one| one.whom.clone()));
        let mut whom = whom.unwrap_or_default();
        // Within a sentence.
        if let Some(first) = whom.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        format!("Keep out {whom}?")
    });
    view! {
        <Dialog open title wide=true>
            {move || approving.get_untracked().map(|approving| view! { <Form approving open again/> })}
        </Dialog>
    }
}

#[component]
fn Form(approving: Approving, open: RwSignal<bool>, again: Callback<()>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let Approving { response, whom } = approving;
    let length_s = response.length_seconds;
    let lasts = time::span(0.0, f64::from(length_s) * 1_000.0);
    let until = time::after(Duration::from_secs(length_s.unsigned_abs().into()));
    let until = time::exact(&until);
    let about = response.clone();
    let cut = match (response.kind.rule(), response.jti, response.user) {
        (Some(kind), ..) => view! { <Blocked kind value=response.value.unwrap_or_default()/> }.into_any(),
        (None, Some(jti), _) => view! { <Held by=RevokeTokensInput::Jti(jti)/> }.into_any(),
        (None, None, Some(user)) => view! { <Held by=RevokeTokensInput::User(user)/> }.into_any(),
        (None, None, None) => ().into_any(),
    };
    let id = response.id;
    let submit = move |()| {
        let (input, whom) = (ApproveResponseInput { id: id.clone() }, whom.clone());
        doing.run(responses::approve_response(api, input), move |payload| {
            open.set(false);
            toasts.good(done(&format!("{whom} is kept out"), payload.change.as_ref()));
            again.run(());
        });
    };
    view! {
        <DialogForm doing open action="Approve" on_submit=submit>
            <p>"For "{lasts}", until "{until}" if you approve now. It ends by itself, and anybody may end it before."</p>
            {cut}
            <Already about/>
        </DialogForm>
    }
}

/// That somebody cut them off already, where the views say so.
#[component]
fn Already(about: Response) -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || already(api, about.clone()));
    move || {
        let why = load.value().get().flatten();
        why.map(|why| view! { <div role="status"><Notice tone=Tone::Warn>{why}</Notice></div> })
    }
}

/// How whom it is about stands, as the views of the last day have it; none where nothing keeps them out.
async fn already(api: Api, about: Response) -> Result<Option<&'static str>, Failure> {
    let range = TimeRange {
        from: time::before(DAY),
        to: None,
    };
    let of = |filter: Filter| part(&range, &filter, ROWS);
    if let Some(jti) = about.jti {
        let filter = Filter {
            jti: Some(jti.clone()),
            ..Filter::default()
        };
        let seen = misuse::tokens(api, of(filter), TokenUsageOrder::Score).await?;
        let own = seen.nodes.iter().find(|row| row.jti == jti);
        return Ok(own.and_then(|row| match row.status {
            TokenStatus::Revoked => Some("The token is revoked: it lets nobody in."),
            TokenStatus::Expired => Some("The token is expired: it lets nobody in."),
            TokenStatus::Active => None,
        }));
    }
    if let Some(user) = about.user {
        let filter = Filter {
            user: Some(user.clone()),
            ..Filter::default()
        };
        let seen = viewer_usage::page(api, of(filter), ViewerUsageOrder::Score).await?;
        let is_banned = seen.nodes.iter().any(|row| row.user == user && row.banned);
        return Ok(is_banned.then_some("The viewer is banned: no token lets them in."));
    }
    let Some(ip) = about.ip else { return Ok(None) };
    let filter = Filter {
        ip: Some(ip.clone()),
        ..Filter::default()
    };
    let seen = misuse::addresses(api, of(filter), AddressUsageOrder::Sessions).await?;
    let is_blocked = seen.nodes.iter().any(|row| row.ip == ip && row.blocked_by.is_some());
    Ok(is_blocked.then_some("A rule blocks the address: nobody comes in from there."))
}

/// Whom the rule would cut.
#[component]
fn Blocked(kind: Kind, value: String) -> impl IntoView {
    let tried = tried(Signal::stored(Candidate {
        kind,
        value,
        action: Action::Deny,
        door: Doors::Playback,
        stream: None,
        group: None,
        replaces: None,
        exceptions: vec![],
    }));
    let (action, mode) = (Signal::stored(Action::Deny), Signal::stored(Mode::Enforce));
    view! { <Trial tried action mode/> }
}

/// Whom the hold would cut: those whom a revocation would.
#[component]
fn Held(by: RevokeTokensInput) -> impl IntoView {
    let input = Signal::stored(Some(by));
    view! { <Whom hit=Hit::of(input) input ban=true/> }
}

/// How far back the views are looked at.
const DAY: Duration = Duration::from_hours(24);
/// Sessions may have run on other tokens too.
const ROWS: i32 = 20;
