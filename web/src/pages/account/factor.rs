//! Codes from an authenticator, as the second factor.

use leptos::prelude::*;
use qrcode::{QrCode, render::svg};

use super::codes::{RecoveryCodes, by_password};
use crate::{
    api::{
        account::{self, Security},
        client::use_api,
    },
    kit::{Badge, Button, Card, CopyField, Dialog, DialogForm, Doing, Load, Look, TextField, Tone, use_toasts},
    session::use_session,
    time,
};

const QR_SIDE_PX: u32 = 208;

/// Whether codes are asked for, and the ways to turn that on and off.
#[component]
pub(super) fn Factor(load: Load<Security>) -> impl IntoView {
    let (api, session, toasts) = (use_api(), use_session(), use_toasts());
    let factor = Memo::new(move |_| {
        load.value()
            .with(|now| now.as_ref().and_then(|now| now.second_factor.clone()))
    });
    let is_on = Memo::new(move |_| factor.with(|factor| factor.as_ref().is_some_and(|factor| factor.totp)));
    let has_one = Memo::new(move |_| {
        factor.with(|factor| {
            factor
                .as_ref()
                .is_some_and(|factor| factor.totp || !factor.passkeys.is_empty())
        })
    });
    let left = Memo::new(move |_| factor.with(|factor| factor.as_ref().map_or(0, |factor| factor.recovery_codes_left)));
    let (setting, removing, renewing, shown) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    );
    let codes = RwSignal::new(Vec::<String>::new());
    let show = Callback::new(move |new: Option<Vec<String>>| {
        setting.set(false);
        renewing.set(false);
        match new {
            Some(new) => {
                codes.set(new);
                shown.set(true);
            }
            None => toasts.good("The authenticator app is set up."),
        }
        load.again();
    });
    let removed = move |()| {
        removing.set(false);
        load.again();
        session.recheck();
        toasts.good("Codes are not asked for any more.");
    };
    view! {
        <Card title="Authenticator app" acts=move || view! {
            {move || if is_on.get() { view! { <Badge tone=Tone::Good text="On"/> } } else { view! { <Badge tone=Tone::Calm text="Off"/> } }}
        }>
            <div class="stack">
                <p class="soft">"A code from an app on your phone is asked for after the password, so that a password alone opens nothing."</p>
                <div class="line">
                    {move || if is_on.get() {
                        view! {
                            <Button on_press=move |_| setting.set(true)>"Use another app"</Button>
                            <Button on_press=move |_| removing.set(true)>"Turn off"</Button>
                        }.into_any()
                    } else {
                        view! { <Button look=Look::Primary on_press=move |_| setting.set(true)>"Set up"</Button> }.into_any()
                    }}
                </div>
            </div>
        </Card>
        {move || has_one.get().then(|| view! {
            <Card title="Recovery codes">
                <div class="stack">
                    <p class="soft">"Each signs you in once when your second factor is lost. "{move || format!("{} left.", time::count(left.get(), "code", "codes"))}</p>
                    <div><Button on_press=move |_| renewing.set(true)>"New recovery codes"</Button></div>
                </div>
            </Card>
        })}
        <Dialog open=setting title="Set up the authenticator"><SetUp open=setting show/></Dialog>
        <Dialog open=removing title="Turn codes off">
            {by_password(removing, "Turn off", "Codes are not asked for any more. Without a passkey the password alone signs you in then, and your recovery codes end.", move |password| account::remove_totp(api, account::RemoveTotpInput { password }), move |_| removed(()))}
        </Dialog>
        <Dialog open=renewing title="New recovery codes">
            {by_password(renewing, "Make new codes", "The old codes open nothing any more.", move |password| account::renew_recovery_codes(api, account::RenewRecoveryCodesInput { password }), move |made| show.run(made.recovery_codes))}
        </Dialog>
        <RecoveryCodes open=shown codes/>
    }
}

/// The password, and what it opens.
#[component]
fn SetUp(open: RwSignal<bool>, show: Callback<Option<Vec<String>>>) -> impl IntoView {
    let api = use_api();
    let offer = RwSignal::new(None::<(String, String)>);
    let begin = move |password| {
        let password = Some(password);
        account::begin_totp(api, account::BeginTotpInput { password })
    };
    move || match offer.get() {
        None => by_password(
            open,
            "Go on",
            "A first second factor ends your other sign-ins.",
            begin,
            move |begun| offer.set(begun.secret.zip(begun.uri)),
        )
        .into_any(),
        Some((secret, uri)) => view! { <Confirmed open show secret uri/> }.into_any(),
    }
}

/// The secret as a picture and as text, and the first code from it.
#[component]
fn Confirmed(open: RwSignal<bool>, show: Callback<Option<Vec<String>>>, secret: String, uri: String) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let code = RwSignal::new(String::new());
    let submit = move |()| {
        let code: String = code.get_untracked().chars().filter(char::is_ascii_digit).collect();
        doing.run(
            account::confirm_totp(api, account::ConfirmTotpInput { code }),
            move |made| show.run(made.recovery_codes),
        );
    };
    view! {
        <DialogForm doing open action="Turn on" on_submit=submit>
            <p>"Scan this with your authenticator app, or type the secret into it. Then enter the code that it shows."</p>
            <div class="qr" role="img" aria-label="The secret as a QR code" inner_html=drawn(&uri).unwrap_or_default()></div>
            <CopyField label="Secret" value=Signal::stored(secret)/>
            <TextField label="Code" value=code required=true autocomplete="one-time-code" placeholder="123456" mono=true autofocus=true/>
        </DialogForm>
    }
}

/// Dark on light whatever the theme: cameras want it so.
fn drawn(uri: &str) -> Option<String> {
    let code = QrCode::new(uri).ok()?;
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(QR_SIDE_PX, QR_SIDE_PX)
        .build();
    image.find("<svg").map(|at| image[at..].to_owned())
}
