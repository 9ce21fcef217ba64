/** The page's addresses. */
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { AccountPage, Broken, JoinPage, NeighbourhoodPage, NotFound } from './page/pages.tsx'
import { Shell } from './page/shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Broken })

const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: NeighbourhoodPage }),
  createRoute({ getParentRoute: () => root, path: '/people/$person', component: AccountPage }),
  createRoute({ getParentRoute: () => root, path: '/account', component: AccountPage }),
  createRoute({ getParentRoute: () => root, path: '/join', component: JoinPage }),
  createRoute({ getParentRoute: () => root, path: '/join/$code', component: JoinPage }),
] as const

export const router = createRouter({
  routeTree: root.addChildren([...routes]),
  defaultErrorComponent: Broken,
  defaultPreload: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
