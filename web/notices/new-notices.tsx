/** How many notices an account has not read yet, as the way down to them; nothing where it has read all. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useSession } from '../session/session.tsx'
import { noticesQuery } from './queries.ts'
import { noticeWords } from './words.ts'

export default function NewNotices() {
  const unread = useInfiniteQuery(noticesQuery(useSession())).data?.pages[0]?.unread ?? 0
  return unread === 0 ? null : <a href="#notices">{noticeWords().newOnes(unread)}</a>
}
