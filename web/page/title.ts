/** The title of the browser's tab: the place where somebody is, then the name of the page. */
import { useEffect } from 'react'

export function useTitle(place: string): void {
  useEffect(() => {
    document.title = `${place} · Commonwatt`
  }, [place])
}
