import { useEffect, useState } from "react";
import { readError } from "paidonce";

import { Content } from "./Content";
import { Product } from "./Product";
import { Result } from "./Result";
import { openShop, type Shop } from "./shop";

// Where Stripe's page has sent the buyer: the URLs are those of Content.tsx.
const returned = new URLSearchParams(location.search);
const sessionId = returned.get("session_id");
const cancelled = returned.has("cancelled");

export function App() {
  const [shop, setShop] = useState<Shop>();
  const [problem, setProblem] = useState<string>();
  // Counts results, so that what can be bought is read again after one.
  const [results, setResults] = useState(0);

  useEffect(() => {
    openShop().then(setShop, (caught) => setProblem(readError(caught).sentence));
  }, []);

  return (
    <main>
      <h1>A shop in React</h1>
      {problem && <p role="alert">{problem}</p>}
      {shop && <p>You are {shop.buyerId}.</p>}
      {cancelled && <p role="status">You came back without paying. Nothing was charged.</p>}
      {shop && sessionId && (
        <Result client={shop.visitor} sessionId={sessionId} onResult={() => setResults((n) => n + 1)} />
      )}
      {shop && <Content key={results} shop={shop} />}
      {shop && <Product shop={shop} />}
    </main>
  );
}
