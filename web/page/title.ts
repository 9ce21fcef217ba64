/** The title of the browser's tab: where somebody is, before what this is. */
import { useEffect } from 'react'

export function useTitle(place: string): void {
  useEffect(() => {
    document.title = `${place} · Commonwatt`
  }, [place])
}
