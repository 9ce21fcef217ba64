/** What a program has said, which speaks English, on a page of any language. */
import { refusalWords } from './refusal-words.ts'

export function ServerSays({ sentence }: { sentence: string }) {
  return (
    <small className="server-says">
      {refusalWords().says} <span lang="en">{sentence}</span>
    </small>
  )
}
