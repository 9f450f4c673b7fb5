//! The way in.

use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{
    NavigateOptions,
    components::{A, Redirect},
    hooks::{use_location, use_navigate, use_query_map},
};
use web_sys::UrlSearchParams;

use super::door::Door;
use crate::{
    api::{
        client::use_api,
        failure::Failure,
        people::{self, PasskeyProof, Proof, SignInChallenge},
        provider::{self, SignInProvider},
    },
    kit::{Button, Doing, Look, Notice, TextField, Tone, Trouble},
    passkey,
    session::{Session, Standing, use_session},
};

/// Email and password, then the second factor where there is one. It never says which of the two was wrong.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let session = use_session();
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let challenge = RwSignal::new(None::<SignInChallenge>);
    // Where it was to lead when the page was opened: on the way there the address is another already.
    let next = StoredValue::new(safe_next(
        use_location().search.with_untracked(|search| next_in(search)),
    ));
    let navigate = use_navigate();
    let signed_in = Memo::new(move |_| session.standing().with(|standing| matches!(standing, Standing::In(_))));
    Effect::new(move |_| {
        if signed_in.get() {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&next.get_value(), options);
        }
    });
    let title = Signal::derive(move || {
        let title = if challenge.with(Option::is_some) {
            "Second factor"
        } else {
            "Sign in"
        };
        title.to_owned()
    });
    view! {
        <Show when=move || !signed_in.get() fallback=move || view! { <Redirect path=next.get_value()/> }>
            <Door title>
                {move || match challenge.get() {
                    None => view! { <First email password challenge next/> }.into_any(),
                    Some(asked) => view! { <Second email password asked challenge/> }.into_any(),
                }}
            </Door>
        </Show>
    }
}

#[component]
fn First(
    email: RwSignal<String>,
    password: RwSignal<String>,
    challenge: RwSignal<Option<SignInChallenge>>,
    next: StoredValue<String>,
) -> impl IntoView {
    let (api, session, doing) = (use_api(), use_session(), Doing::new());
    let provider = RwSignal::new(None::<SignInProvider>);
    let query = use_query_map();
    let refused = Memo::new(move |_| {
        query
            .with(|query| query.get("problem"))
            .as_deref()
            .map(refused_by_provider)
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (email, password) = (email.get_untracked().trim().to_owned(), password.get_untracked());
        let signing = async move { people::sign_in(api, email, password, None).await.map_err(told) };
        doing.run(signing, move |asked| enter(session, challenge, asked));
    };
    // Asked when the address is complete: by its domain alone, so that it tells nothing of accounts.
    let ask = move |_| {
        let email = email.get_untracked().trim().to_owned();
        if !email.contains('@') {
            return;
        }
        leptos::task::spawn_local(async move {
            provider.try_set(provider::provider(api, email).await.ok().flatten());
        });
    };
    view! {
        <form on:submit=submit>
            {move || refused.get().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
            <Trouble doing/>
            <div on:focusout=ask>
                <TextField label="Email" kind="email" value=email autocomplete="username" required=true autofocus=true/>
            </div>
            {move || provider.get().map(|provider| {
                let path = format!("{}?return={}", provider.url, js_sys::encode_uri_component(&next.get_value()));
                view! { <a class="btn" href=path rel="external">"Sign in with "{provider.name}</a> }
            })}
            <TextField label="Password" kind="password" value=password autocomplete="current-password" required=true/>
            <Button look=Look::Primary submit=true busy=doing.busy>"Sign in"</Button>
            <p><A href="/reset" attr:class="quiet-link">"Forgot password?"</A></p>
        </form>
    }
}

/// The ways that the person has. A recovery code does where the others are lost.
#[component]
fn Second(
    email: RwSignal<String>,
    password: RwSignal<String>,
    asked: SignInChallenge,
    challenge: RwSignal<Option<SignInChallenge>>,
) -> impl IntoView {
    let (api, session, doing) = (use_api(), use_session(), Doing::new());
    let code = RwSignal::new(String::new());
    let with = move |proof: Proof| {
        let (email, password) = (email.get_untracked().trim().to_owned(), password.get_untracked());
        async move { people::sign_in(api, email, password, Some(proof)).await.map_err(wrong) }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let proof = Proof::Code(code.get_untracked().trim().to_owned());
        doing.run(with(proof), move |asked| enter(session, challenge, asked));
    };
    let by_code = asked.totp || asked.recovery_code;
    let (label, hint) = if asked.totp {
        ("Code", "From your authenticator app, or one of your recovery codes.")
    } else {
        ("Recovery code", "One of those that you kept. Each serves once.")
    };
    let wanted = asked.passkey.is_some();
    let ceremony = asked.passkey.filter(|ceremony| passkey::is_provable(&ceremony.options));
    let out_of_reach = wanted && ceremony.is_none();
    let by_passkey = ceremony.map(|ceremony| {
        let press = move |_| {
            let ceremony = ceremony.clone();
            let proving = async move {
                let credential = passkey::prove(&ceremony.options).await?;
                let state = ceremony.state;
                with(Proof::Passkey(PasskeyProof { state, credential })).await
            };
            doing.run(proving, move |asked| enter(session, challenge, asked));
        };
        view! { <Button look=Look::Primary icon=icondata_lu::LuFingerprint busy=doing.busy on_press=press>"Use a passkey"</Button> }
    });
    let has_passkey = by_passkey.is_some();
    let look = if has_passkey { Look::Plain } else { Look::Primary };
    // An attempt whose challenge is too old begins anew.
    let back = move |_| challenge.set(None);
    view! {
        <form on:submit=submit>
            <Trouble doing/>
            {by_passkey}
            {out_of_reach.then(|| view! { <Notice tone=Tone::Warn>"Your passkey cannot be used in this browser, or at this address."</Notice> })}
            {by_code.then(|| view! {
                <TextField label value=code autocomplete="one-time-code" required=true autofocus=!has_passkey mono=true hint/>
                <Button look submit=true busy=doing.busy>"Go on"</Button>
            })}
            <Button look=Look::Quiet on_press=back>"Back"</Button>
        </form>
    }
}

fn enter(session: Session, challenge: RwSignal<Option<SignInChallenge>>, asked: Option<SignInChallenge>) {
    match asked {
        Some(asked) => challenge.set(Some(asked)),
        None => session.refresh(),
    }
}

/// Before anybody is signed in, "signed out" means that email and password did not fit.
fn told(failure: Failure) -> Failure {
    match failure {
        Failure::SignedOut | Failure::Forbidden => Failure::Refused("Email or password is wrong.".into()),
        other => other,
    }
}

fn wrong(failure: Failure) -> Failure {
    match failure {
        Failure::SignedOut | Failure::Forbidden => Failure::Refused("That did not fit. Try again.".into()),
        other => other,
    }
}

/// Why signing in with an identity provider came to nothing, and what to do about it.
fn refused_by_provider(problem: &str) -> &'static str {
    match problem {
        "PROVIDER_UNKNOWN" => "That identity provider is not set up here any more. Sign in another way.",
        "PROVIDER_UNREACHABLE" => "Your identity provider does not answer. Try again in a moment.",
        "PROVIDER_REFUSED" => "Your identity provider did not let you in. Try again, or ask who looks after it.",
        "PROVIDER_ANSWER" => {
            "What your identity provider answered does not hold. Ask an administrator to look at its settings."
        }
        "SIGN_IN_EXPIRED" => "That took too long, or was begun in another browser. Sign in again.",
        "EMAIL_NOT_VERIFIED" => {
            "Your identity provider does not say that your email address is yours. Ask who looks after it."
        }
        "DOMAIN_NOT_ALLOWED" => "Your email address is of a domain that this identity provider is not set up for.",
        "NO_ROLE" => "None of your groups has a role here. Ask an administrator of your organisation.",
        "ACCOUNT_TAKEN" => {
            "Somebody else of your identity provider signs in with your email address. Ask who looks after it."
        }
        "ORGANISATION_SUSPENDED" => "Your organisation is suspended. Ask the operator of the platform why.",
        "BUSY" => "Too many people are signing in at this moment. Try again in a moment.",
        _ => "Signing in with your identity provider did not work. Try again in a moment.",
    }
}

/// Where to go afterwards. The router's map of the query decodes twice, and would spoil what is encoded in the path.
fn next_in(search: &str) -> Option<String> {
    UrlSearchParams::new_with_str(search).ok()?.get("next")
}

/// Only paths of this site: whoever made the link does not choose where a signed-in person lands.
fn safe_next(next: Option<String>) -> String {
    next.filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'))
        .unwrap_or_else(|| "/streams".into())
}
