// The control plane as an integrator's software uses it: GraphQL with a session of its own.
import { type APIRequestContext, expect, request } from '@playwright/test';
import { type Account, type Role, demo } from './demo.ts';

type Answer<T> = { data: T; errors?: { message: string }[] };

export class Control {
  private constructor(private readonly http: APIRequestContext) {}

  static async signedIn(user: Account): Promise<Control> {
    const control = new Control(await request.newContext());
    await control.ask('mutation($input: SignInInput!) { signIn(input: $input) { viewer { id } errors { message } } }', {
      input: { email: user.email, password: user.password },
    });
    return control;
  }

  /** `more` is whatever else the token is to say. */
  async playbackToken(
    stream: string,
    user: string,
    ttlSeconds = 600,
    more: object = {},
  ): Promise<{ token: string; jti: string }> {
    const { createPlaybackToken: made } = await this.ask<{
      createPlaybackToken: { token: string; record: { jti: string } };
    }>(
      `mutation($input: CreatePlaybackTokenInput!) {
         createPlaybackToken(input: $input) { token record { jti } errors { message } }
       }`,
      { input: { streams: [stream], ttlSeconds, user, ...more } },
    );
    return { token: made.token, jti: made.record.jti };
  }

  /** A handle that stands for a token. */
  async handle(token: string): Promise<string> {
    const { createHandle: made } = await this.ask<{ createHandle: { handle: string } }>(
      'mutation($input: CreateHandleInput!) { createHandle(input: $input) { handle errors { message } } }',
      { input: { token } },
    );
    return made.handle;
  }

  /** The secret of a new API token that may what a nanoUser may. */
  async apiToken(): Promise<string> {
    const { createApiToken: made } = await this.ask<{ createApiToken: { secret: string } }>(
      'mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret errors { message } } }',
      { input: { name: `software ${Date.now()}`, role: 'nanoUser' } },
    );
    return made.secret;
  }

  async revoke(jti: string): Promise<void> {
    await this.ask(
      'mutation($input: RevokeTokensInput!) { revokeTokens(input: $input) { revoked errors { message } } }',
      { input: { jti } },
    );
  }

  /** Any other change, by its name; what of its payload is `wanted`. */
  async change<T = unknown>(name: string, input: object, wanted = ''): Promise<T> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const done = await this.ask<Record<string, T & { errors: { message: string }[] }>>(
      `mutation($input: ${type}!) { ${name}(input: $input) { ${wanted} errors { message } } }`,
      { input },
    );
    const payload = done[name]!;
    expect(payload.errors, name).toEqual([]);
    return payload;
  }

  /** Makes a Guardian rule; its id. */
  async rule(input: object): Promise<string> {
    const { createGuardianRule: made } = await this.ask<{
      createGuardianRule: { rule: { id: string }; errors: { message: string }[] };
    }>('mutation($input: CreateGuardianRuleInput!) { createGuardianRule(input: $input) { rule { id } errors { message } } }', {
      input,
    });
    expect(made.errors).toEqual([]);
    return made.rule.id;
  }

  async alertRules(): Promise<{ name: string }[]> {
    const { organisation } = await this.ask<{ organisation: { alertRules: { name: string }[] } }>(
      '{ organisation { alertRules { name metric threshold resolveAt windowS least stream protocol country } } }',
      {},
    );
    return organisation.alertRules;
  }

  /** What was found of a token or an address within the hour, once something was: its id. */
  async finding(of: string): Promise<string> {
    type Found = { organisation: { analytics: { findings: { nodes: { id: string; jti: string | null; ip: string | null }[] } } } };
    const query = `query($from: DateTime!) { organisation { analytics(range: { from: $from }) {
      findings(first: 100) { nodes { id jti ip } } } } }`;
    const from = new Date(Date.now() - 3_600_000).toISOString();
    let id: string | undefined;
    const found = async () => {
      const { organisation } = await this.ask<Found>(query, { from });
      id = organisation.analytics.findings.nodes.find(({ jti, ip }) => jti === of || ip === of)?.id;
      return id;
    };
    await expect.poll(found, { message: `something is found of ${of}`, timeout: 60_000 }).toBeDefined();
    return id!;
  }

  /** Suggests to keep out whom something was found of: the suggestion's id. */
  async suggest(finding: string, lengthSeconds: number): Promise<string> {
    const { response } = await this.change<{ response: { id: string } }>('suggestResponse', { finding, lengthSeconds }, 'response { id }');
    return response.id;
  }

  async ruleIds(): Promise<string[]> {
    const { organisation } = await this.ask<{ organisation: { guardianRules: { nodes: { id: string }[] } } }>(
      '{ organisation { guardianRules(first: 100) { nodes { id } } } }',
      {},
    );
    return organisation.guardianRules.nodes.map(({ id }) => id);
  }

  async unrule(id: string): Promise<void> {
    await this.ask('mutation($input: DeleteGuardianRuleInput!) { deleteGuardianRule(input: $input) { id errors { message } } }', {
      input: { id },
    });
  }

  /** Invites an address into the organisation that the person is in. */
  async invite(email: string, role: Role): Promise<void> {
    const { inviteMember: made } = await this.ask<{ inviteMember: { errors: { message: string }[] } }>(
      'mutation($input: InviteMemberInput!) { inviteMember(input: $input) { errors { message } } }',
      { input: { email, role } },
    );
    expect(made.errors).toEqual([]);
  }

  /** Makes an organisation, whose first administrator is invited by mail; for a platform operator. */
  async createOrganisation(name: string, adminEmail: string, packages?: string[]): Promise<void> {
    const { createOrganisation: made } = await this.ask<{ createOrganisation: { errors: { message: string }[] } }>(
      'mutation($input: CreateOrganisationInput!) { createOrganisation(input: $input) { errors { message } } }',
      { input: { name, adminEmail, packages } },
    );
    expect(made.errors).toEqual([]);
  }

  /** Somebody new, who takes up the invitation that the mail to them brought. */
  static async accept(link: string, name: string, password: string): Promise<void> {
    const control = new Control(await request.newContext());
    const { acceptInvitation: taken } = await control.ask<{ acceptInvitation: { errors: { message: string }[] } }>(
      'mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { errors { message } } }',
      { input: { secret: new URL(link).hash.slice(1), name, password } },
    );
    expect(taken.errors).toEqual([]);
    await control.close();
  }

  /** A stream that nobody publishes. */
  async stream(title: string): Promise<{ name: string }> {
    const { createStream: made } = await this.ask<{ createStream: { stream: { name: string } } }>(
      'mutation($input: CreateStreamInput!) { createStream(input: $input) { stream { name } errors { message } } }',
      { input: { title } },
    );
    return made.stream;
  }

  async close(): Promise<void> {
    await this.http.dispose();
  }

  private async ask<T>(query: string, variables: object): Promise<T> {
    const response = await this.http.post(demo().graphql, { data: { query, variables } });
    const answer: Answer<T> = await response.json();
    expect(answer.errors ?? [], JSON.stringify(answer)).toEqual([]);
    return answer.data;
  }
}
