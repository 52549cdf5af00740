// Formats amounts, which are whole numbers of a currency's minor unit.

// Stripe's number of decimals, not the browser's: for the Albanian lek and the Serbian dinar,
// browsers show none, but Stripe counts in hundredths, so amounts would be 100 times too high.
// ISK and UGX have no decimals in shops, but Stripe counts in hundredths, so they are not listed.
// https://docs.stripe.com/currencies
const ZERO_DECIMALS = new Set("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" "));
const THREE_DECIMALS = new Set("BHD JOD KWD OMR TND".split(" "));

export function decimalsOf(currency) {
  const code = currency.toUpperCase();
  if (ZERO_DECIMALS.has(code)) return 0;
  return THREE_DECIMALS.has(code) ? 3 : 2;
}

/** Returns the exact decimal number as a string: "1299.99" for 129999 and "usd". */
export function toDecimal(minorUnits, currency) {
  if (!Number.isSafeInteger(minorUnits)) throw new TypeError("An amount is a whole number of minor units.");
  const decimals = decimalsOf(currency);
  const digits = String(Math.abs(minorUnits)).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const sign = minorUnits < 0 ? "-" : "";
  return decimals ? `${sign}${whole}.${digits.slice(-decimals)}` : `${sign}${whole}`;
}

/** Formats an amount for the locale; if the currency is unknown, as number and code. */
export function formatMoney(minorUnits, currency, locale) {
  if (!currency || !Number.isSafeInteger(minorUnits)) return "";
  const decimals = decimalsOf(currency);
  const number = toDecimal(minorUnits, currency);
  try {
    return new Intl.NumberFormat(locale, {
      style: "currency",
      currency: currency.toUpperCase(),
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    }).format(number); // a string is formatted exactly, without conversion to a float
  } catch {
    return `${number} ${currency.toUpperCase()}`;
  }
}
