/** An amount in the currency's minor unit, as text. */
export function price({ price_cents: amount, currency }: { price_cents?: number | null; currency?: string | null }): string {
  if (amount == null || !currency) return "";
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
