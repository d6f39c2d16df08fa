// Days in languages of which many browsers know no forms: as paper has them (`crates/console/src/locale.rs`), which is what CLDR has;
// `tests/texts.mjs` asks `Intl` of Node.js for each month, and compares.

interface Form {
  inOrder: (day: string, month: string, year: string) => string[];
  zero: string;
  months: string[];
}

const FORMS: Record<string, Form> = {
  km: { inOrder: (day, month, year) => [day, month, year], zero: "0", months: ["មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ"] },
  lo: { inOrder: (day, month, year) => [day, month, year], zero: "0", months: ["ມັງກອນ", "ກຸມພາ", "ມີນາ", "ເມສາ", "ພຶດສະພາ", "ມິຖຸນາ", "ກໍລະກົດ", "ສິງຫາ", "ກັນຍາ", "ຕຸລາ", "ພະຈິກ", "ທັນວາ"] },
  my: { inOrder: (day, month, year) => [year, month, day], zero: "၀", months: ["ဇန်နဝါရီ", "ဖေဖော်ဝါရီ", "မတ်", "ဧပြီ", "မေ", "ဇွန်", "ဇူလိုင်", "ဩဂုတ်", "စက်တင်ဘာ", "အောက်တိုဘာ", "နိုဝင်ဘာ", "ဒီဇင်ဘာ"] },
};

/** A day as a language writes it, `month` from 0, with its year unless there is none; nothing for a language that browsers know. */
export function dayOf(tag: string, day: number, month: number, year?: number): string | undefined {
  const form = FORMS[tag];
  if (!form) return undefined;
  const zero = form.zero.charCodeAt(0);
  const digits = (value: number) => [...String(value)].map((digit) => String.fromCharCode(zero + Number(digit))).join("");
  const parts = form.inOrder(digits(day), form.months[month] ?? "", year === undefined ? "" : digits(year));
  return parts.filter(Boolean).join(" ");
}
