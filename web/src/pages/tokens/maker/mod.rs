//! A token is made with every claim that one can have; what the linter says stands beside it, live.

mod draft;
mod form;
mod snippets;

use guard::lint::Severity;
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{components::A, hooks::use_query_map};

pub(crate) use self::snippets::TokenMade;
use self::{draft::Draft, form::Fields};
use super::{
    super::lacking::{Lacking, barred, use_lacking},
    ClosedToRole, Findings,
};
use crate::{
    api::{
        client::use_api,
        organisation::{self, Package},
        people::Permission,
        token_making::{self, Made},
    },
    kit::{Button, Card, Dialog, Doing, Icon, Load, Look, Notice, PageHead, Tone, Trouble},
    session::may,
    time,
};

/// The page.
#[component]
pub(crate) fn TokenMaker() -> impl IntoView {
    let crumbs = || view! { <nav class="crumbs" aria-label="Breadcrumb"><A href="/tokens"><Icon of=icondata_lu::LuArrowLeft/>"Tokens"</A></nav> };
    if !may(Permission::TokenCreate) {
        return view! { {crumbs()}<PageHead title="New token"/><ClosedToRole/> }.into_any();
    }
    let query = use_query_map();
    let stream = query.with_untracked(|query| query.get("stream").filter(|name| !name.is_empty()));
    view! {
        {crumbs()}
        <PageHead title="New token" lead="Say as much as you can: each claim narrows what a thief can do with it."/>
        <Maker draft=Draft::new(stream)/>
    }
    .into_any()
}

#[component]
fn Maker(draft: Draft) -> impl IntoView {
    provide_context(draft);
    let (api, doing) = (use_api(), Doing::new());
    let overview = Load::new(move || organisation::overview(api));
    let default = Memo::new(move |_| {
        overview
            .value()
            .with(|now| now.as_ref().is_some_and(|now| now.settings.force_disconnect))
    });
    let lacks_secure = use_lacking(Package::Secure);
    let now = time::use_now();
    // Seconds matter to `exp`, not to what stands against it.
    #[expect(clippy::cast_possible_truncation, reason = "a clock's seconds fit")]
    let second = move || (now.get_untracked() / 1000.0) as i64;
    let claims = Memo::new(move |_| draft.claims(second()));
    let read = Memo::new(move |_| claims.with(draft::read));
    let findings = Memo::new(move |_| {
        read.with(|read| {
            read.as_ref()
                .map(|read| draft::findings(read, default.get(), second()))
                .unwrap_or_default()
        })
    });
    let wrong = Signal::derive(move || read.with(|read| read.as_ref().err().map(|why| draft::wrong(*why))));
    let unscoped = Memo::new(move |_| match draft.scope.get() {
        draft::Scope::Streams => draft.streams.with(Vec::is_empty),
        draft::Scope::Groups => draft.groups.with(Vec::is_empty),
        draft::Scope::All => false,
    });
    let unfinished = Memo::new(move |_| unfinished(unscoped.get(), read.with(Result::is_err)));
    let lacks = barred(Package::Secure, lacks_secure);
    let barred = Signal::derive(move || lacks.get().or_else(|| unfinished.get().map(str::to_owned)));
    let (made, shown) = (RwSignal::new(None::<Made>), RwSignal::new(false));
    Effect::new(move |before: Option<bool>| {
        let open = shown.get();
        if before == Some(true) && !open {
            made.set(None); // seen once, and gone when the dialog is
        }
        open
    });
    let input = StoredValue::new(None);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let wish = draft.input();
        input.set_value(Some(wish.clone()));
        let publish = draft.publishes();
        doing.run(token_making::make(api, publish, wish), move |token| {
            made.set(Some(token));
            shown.set(true);
        });
    };
    view! {
        <Lacking package=Package::Secure when=lacks_secure so="playback is open, and tokens cannot be made"/>
        <form class="split maker" on:submit=submit>
            <div class="stack">
                <Fields wrong default/>
            </div>
            <div class="stack maker-beside">
                <Card title="Linter">
                    {move || match read.get() {
                        Ok(_) => view! { <Findings findings/> }.into_any(),
                        Err(why) => view! { <Notice tone=Tone::Bad>{crate::api::failure::sentence(&why.to_string())}</Notice> }.into_any(),
                    }}
                </Card>
                <Card title="Claims">
                    <pre class="claims mono" tabindex="0" aria-label="Claims as JSON">{move || claims.with(|claims| serde_json::to_string_pretty(claims).unwrap_or_default())}</pre>
                    <p class="field-hint">"Issuer, organisation and id are added when it is made."</p>
                </Card>
            </div>
            <footer class="maker-foot">
                <p role="status">{move || sum(unfinished.get(), &findings.get())}</p>
                <Trouble doing/>
                <Button look=Look::Primary submit=true busy=doing.busy barred>"Make token"</Button>
            </footer>
        </form>
        <Dialog open=shown title="Copy the token now" wide=true>
            {move || made.get().map(|made| {
                let input = input.get_value().unwrap_or_default();
                view! { <TokenMade made input open=shown/> }
            })}
        </Dialog>
    }
}

/// Why it cannot be made yet, as far as that depends on what is filled in.
const fn unfinished(unscoped: bool, wrong: bool) -> Option<&'static str> {
    match (unscoped, wrong) {
        (true, _) => Some("Choose what it opens."),
        (false, true) => Some("A claim does not have its form yet."),
        (false, false) => None,
    }
}

/// What stands against it, in a few words.
fn sum(unfinished: Option<&str>, findings: &[guard::lint::Finding]) -> String {
    if let Some(why) = unfinished {
        return why.to_owned();
    }
    let of = |severity| i32::try_from(findings.iter().filter(|one| one.severity == severity).count()).unwrap_or(0);
    match (of(Severity::Fail), of(Severity::Warn)) {
        (0, 0) => "Nothing stands against it.".to_owned(),
        (0, weak) => time::count(weak, "weakness", "weaknesses"),
        (risky, 0) => time::count(risky, "risk", "risks"),
        (risky, weak) => format!(
            "{}, {}",
            time::count(risky, "risk", "risks"),
            time::count(weak, "weakness", "weaknesses")
        ),
    }
}
