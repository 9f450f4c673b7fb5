//! Where the account is signed in.

use leptos::prelude::*;

use crate::{
    api::{
        account::{self, Security, SignIn},
        client::use_api,
    },
    kit::{Badge, Button, Card, Doing, Load, Look, Tone, Trouble, When, use_toasts},
    session::use_session,
};

/// One's own sign-ins.
#[component]
pub(super) fn SignIns(load: Load<Security>) -> impl IntoView {
    let (api, session, toasts, doing) = (use_api(), use_session(), use_toasts(), Doing::new());
    let sign_ins = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        sign_ins.set(
            load.value()
                .with(|now| now.as_ref().map(|now| now.sign_ins.clone()).unwrap_or_default()),
        );
    });
    let end = move |id: cynic::Id| {
        doing.run(account::end_sign_in(api, account::EndSignInInput { id }), move |_| {
            load.again();
            session.recheck();
            toasts.good("The sign-in has ended.");
        });
    };
    view! {
        <Card title="Where you are signed in" flush=true>
            <SignInRows sign_ins on_end=end/>
            <Trouble doing/>
        </Card>
    }
}

/// Browsers that are signed in, each with its End.
#[component]
pub(crate) fn SignInRows(
    #[prop(into)] sign_ins: Signal<Vec<SignIn>>,
    #[prop(into)] on_end: Callback<cynic::Id>,
) -> impl IntoView {
    view! {
        <ul class="rows">
            <For each=move || sign_ins.get() key=|one| (one.id.clone(), one.last_used_at.0.clone()) let:one>
                <One one on_end/>
            </For>
        </ul>
    }
}

#[component]
fn One(one: SignIn, on_end: Callback<cynic::Id>) -> impl IntoView {
    let agent = one.user_agent.unwrap_or_default();
    let browser = named(&agent);
    let name = format!("End the sign-in with {browser}, {}", one.address);
    let how = one.how.as_deref().and_then(way);
    view! {
        <li>
            <span class="row-main">
                <span class="line">
                    <strong title=agent>{browser}</strong>
                    {one.current.then(|| view! { <Badge tone=Tone::Good text="This browser"/> })}
                    {(one.second_factor && how.is_none()).then(|| view! { <span class="tag">"second factor"</span> })}
                    {how.map(|how| view! { <span class="tag">{how}</span> })}
                </span>
                <span class="soft"><span class="mono">{one.address}</span>" · used "<When at=one.last_used_at/>" · since "<When at=one.created_at/></span>
            </span>
            {(!one.current).then(|| view! { <Button look=Look::Quiet on_press=move |_| on_end.run(one.id.clone()) attr:aria-label=name>"End"</Button> })}
        </li>
    }
}

/// How somebody signed in, where it is not by the password alone.
fn way(how: &str) -> Option<&'static str> {
    match how {
        "password+totp" => Some("authenticator app"),
        "password+passkey" => Some("passkey"),
        "password+recovery_code" => Some("recovery code"),
        "provider" => Some("identity provider"),
        "invitation" => Some("invitation"),
        _ => None,
    }
}

/// "Firefox on Linux". User agents are no truth, only a help to memory.
fn named(agent: &str) -> String {
    let pick = |among: &[(&str, &'static str)]| {
        among
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let browser = pick(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = pick(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => "Another program".to_owned(),
    }
}
