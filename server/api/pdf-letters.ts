/**
 * Letters of the fonts that every reader of PDF has, which are those of Western Europe. A letter beyond them would spoil its whole line, so it is
 * written by those nearest to it: Dvořák as Dvorák, Ελένη as Eleni. The UBL file has every name as it is.
 */

/** Beyond ISO 8859-1, in WinAnsiEncoding. */
const others = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ'

/** Letters that are no base letter with marks: of Latin alphabets, then of Greek, then of Cyrillic. */
const nearest = new Map<string, string>()
for (const pairs of [
  'Đ D đ d Ħ H ħ h ı i ĸ k Ł L ł l Ŋ N ŋ n Ŧ T ŧ t Ə A ə a ſ s ẞ SS ʼ ’ ʻ ‘ − - ‐ - ‑ - ‒ – ― — ″ ” ′ ’ ₂ 2 № No.',
  'Α A Β V Γ G Δ D Ε E Ζ Z Η I Θ Th Ι I Κ K Λ L Μ M Ν N Ξ X Ο O Π P Ρ R Σ S Τ T Υ Y Φ F Χ Ch Ψ Ps Ω O',
  'α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f χ ch ψ ps ω o',
  'А A Б B В V Г G Д D Ђ D Е E Є Ye Ж Zh З Z И I І I Ї Yi Ј J К K Л L Љ Lj М M Н N Њ Nj О O П P Р R С S Т T Ћ C У U Ф F Х Kh Ц Ts Ч Ch Џ Dz Ш Sh Щ Shch Ы Y Э E Ю Yu Я Ya',
  'а a б b в v г g д d ђ d е e є ye ж zh з z и i і i ї yi ј j к k л l љ lj м m н n њ nj о o п p р r с s т t ћ c у u ф f х kh ц ts ч ch џ dz ш sh щ shch ы y э e ю yu я ya',
]) {
  const words = pairs.split(' ')
  for (let i = 0; i < words.length; i += 2) nearest.set(words[i]!, words[i + 1]!)
}

const isWritten = (letter: string) => /^[\u0020-\u007e\u00a0-\u00ff]$/.test(letter) || others.includes(letter)

/** A text in those letters alone; `?` stands for what has none near it. */
export function pdfLetters(text: string): string {
  return Array.from(text.normalize('NFC'), lettersOf).join('')
}

function lettersOf(letter: string): string {
  if (letter === '\u00ad') return ''
  if (isWritten(letter)) return letter
  const known = nearest.get(letter)
  if (known !== undefined) return pdfLetters(known)
  // Hard and soft signs, marks by themselves, and what has no width say nothing.
  if (/^[\p{M}\p{Cf}ЪЬъь]$/u.test(letter)) return ''
  if (/^\s$/u.test(letter)) return ' '
  const base = letter.normalize('NFKD').replace(/\p{M}/gu, '')
  return base === letter || base === '' ? '?' : pdfLetters(base)
}
