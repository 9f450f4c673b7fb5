"""A mail server (aiosmtpd) on a free port of this machine.

The first line of standard output is its port; then comes a line of JSON for each mail that it took. What it does with a
mail is said by the recipient: nobody@ is refused for good, quoted@ too, after the mail, with its link in the refusal;
later@ is put off each time; slow@ is taken, and then the connection hangs.
"""

import argparse
import asyncio
import email
import email.policy
import json
import re
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    """Takes mails, or says why not."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "nobody":
            return "550 5.1.1 nobody of that name here"
        if name == "later":
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = lambda kind: mail.get_body((kind,)).get_content()
        to = envelope.rcpt_tos[0].split("@")[0]
        if to == "quoted":
            link = re.search(r"http\S+", part("plain")).group()
            return f"554 5.7.1 the link {link} is on a list"
        taken = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data if session.authenticated else None,
            "headers": [[name, str(value)] for name, value in mail.items()],
            "text": part("plain"),
            "html": part("html"),
        }
        print(json.dumps(taken), flush=True)
        if to == "slow":
            session.hangs = True
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        if getattr(session, "hangs", False):
            await asyncio.sleep(3600)
        return "221 Bye"


def authenticator(user, password):
    def check(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (user, password)
        if right:
            return AuthResult(success=True, auth_data=user)
        words = f"535 5.7.8 {password} is right, {data.password.decode()} is not"
        return AuthResult(success=False, handled=False, message=words)

    return check


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--security", choices=["none", "starttls", "tls"], default="none")
    options.add_argument("--certificate")
    options.add_argument("--key")
    options.add_argument("--user")
    options.add_argument("--password")
    given = options.parse_args()
    context = None
    if given.security != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(given.certificate, given.key)
    starttls = given.security == "starttls"
    settings = {"tls_context": context, "require_starttls": True} if starttls else {}
    if given.user:
        check = authenticator(given.user, given.password)
        settings |= {"authenticator": check, "auth_required": True, "auth_require_tls": starttls}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), hostname="mail.example.com", **settings),
        host="127.0.0.1",
        port=0,
        ssl=context if given.security == "tls" else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
