//! Codes from an authenticator, as the second factor.

use leptos::prelude::*;
use qrcode::{QrCode, render::svg};

use super::codes::{RecoveryCodes, by_password};
use crate::{
    api::{
        account::{self, Security},
        client::use_api,
    },
    kit::{
        Badge, Button, Card, CopyField, Dialog, DialogForm, Doing, Load, Look, TextField, Tone, Trouble, use_toasts,
    },
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
            .with(|now| now.as_ref().map(|now| now.second_factor.clone()))
    });
    let is_on = Memo::new(move |_| factor.with(|factor| factor.as_ref().is_some_and(|factor| factor.totp)));
    let left = Memo::new(move |_| factor.with(|factor| factor.as_ref().map_or(0, |factor| factor.recovery_codes_left)));
    let (setting, removing, renewing, shown) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    );
    let codes = RwSignal::new(Vec::<String>::new());
    let show = Callback::new(move |new: Vec<String>| {
        codes.set(new);
        setting.set(false);
        renewing.set(false);
        shown.set(true);
        load.again();
        session.recheck();
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
                {move || is_on.get().then(|| view! {
                    <p>{move || format!("{} left.", time::count(left.get(), "recovery code", "recovery codes"))}</p>
                })}
                <div class="line">
                    {move || if is_on.get() {
                        view! {
                            <Button on_press=move |_| renewing.set(true)>"New recovery codes"</Button>
                            <Button on_press=move |_| removing.set(true)>"Turn off"</Button>
                        }.into_any()
                    } else {
                        view! { <Button look=Look::Primary on_press=move |_| setting.set(true)>"Set up"</Button> }.into_any()
                    }}
                </div>
            </div>
        </Card>
        <Dialog open=setting title="Set up the authenticator"><SetUp open=setting show/></Dialog>
        <Dialog open=removing title="Turn codes off">
            {by_password(removing, "Turn off", "Only the password is asked for then, and passkeys where you have them.", move |password| account::remove_totp(api, account::RemoveTotpInput { password }), move |_| removed(()))}
        </Dialog>
        <Dialog open=renewing title="New recovery codes">
            {by_password(renewing, "Make new codes", "The old codes open nothing any more.", move |password| account::renew_recovery_codes(api, account::RenewRecoveryCodesInput { password }), move |made| show.run(made.recovery_codes.unwrap_or_default()))}
        </Dialog>
        <RecoveryCodes open=shown codes/>
    }
}

/// The secret as a picture and as text, and the first code from it.
#[component]
fn SetUp(open: RwSignal<bool>, show: Callback<Vec<String>>) -> impl IntoView {
    let (api, beginning, doing) = (use_api(), Doing::new(), Doing::new());
    let offer = RwSignal::new(None::<(String, String)>);
    let code = RwSignal::new(String::new());
    beginning.run(account::begin_totp(api), move |begun| {
        offer.set(begun.secret.zip(begun.uri));
    });
    let submit = move |()| {
        let code: String = code.get_untracked().chars().filter(char::is_ascii_digit).collect();
        doing.run(
            account::confirm_totp(api, account::ConfirmTotpInput { code }),
            move |made| {
                show.run(made.recovery_codes.unwrap_or_default());
            },
        );
    };
    view! {
        <DialogForm doing open action="Turn on" on_submit=submit>
            <Trouble doing=beginning/>
            <p>"Scan this with your authenticator app, or type the secret into it. Then enter the code that it shows."</p>
            <div class="qr" role="img" aria-label="The secret as a QR code" inner_html=move || offer.get().and_then(|(_, uri)| drawn(&uri)).unwrap_or_default()></div>
            <CopyField label="Secret" value=Signal::derive(move || offer.get().map(|(secret, _)| secret).unwrap_or_default())/>
            <TextField label="Code" kind="text" value=code required=true autocomplete="one-time-code" placeholder="123456" mono=true/>
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
