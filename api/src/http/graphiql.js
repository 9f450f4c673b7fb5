// Starts GraphiQL against the page's own address; subscriptions go over the same path.
const url = new URL('/graphql', window.location.href);
const subscriptionUrl = new URL(url);
subscriptionUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
const fetcher = GraphiQL.createFetcher({ url: url.href, subscriptionUrl: subscriptionUrl.href });
const query = `# Sign in first, on the dashboard or here:
# mutation { signIn(input: { email: "…", password: "…" }) { viewer { name } errors { message } } }
query { viewer { name role organisation { hash } } }
`;
ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: query }),
);
