// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {Watched} from "./Watched.sol";
import {AreaRules} from "../../contracts/src/IAreas.sol";
import {Mandate, ConsentTimes, EpochStart, SeatView} from "../../contracts/src/ISeats.sol";

/// Eight homes and two areas of one escrow, and what an honest operator knows of them. The second area has a larger unit of
/// money, and watchers. A home takes its meter from one area to the other, each time to a new seat; its purses follow if it
/// wants. Each meter's registers advance by 100 Wh an interval on both sides.
abstract contract TwoAreas is Watched {
    uint256 internal constant HOMES = 8;
    uint256 internal constant AREAS = 2;

    /// A seat, in the order of opening: so an area's seats ascend by their numbers.
    struct Place {
        uint64 seat;
        uint256 home;
        uint256 area;
    }

    /// What holds of a seat from a boundary on: whether it trades, and how much it sells at most per interval.
    struct Say {
        uint32 from;
        bool trades;
        uint24 mostWh;
    }

    AreaRules[AREAS] internal rulesOf;
    /// Who holds the offices, and who was offered them.
    address[AREAS] internal grids;
    address[AREAS] internal operators;
    address[AREAS] internal nextGrids;
    address[AREAS] internal nextOperators;
    Home[HOMES] internal homes;
    Place[] internal places;
    /// The places of the homes' newest seats.
    uint256[HOMES] internal newest;
    /// By seat, ascending: what its account has arranged, and what the grid operator has.
    mapping(uint64 seat => Say[]) internal terms;
    mapping(uint64 seat => Say[]) internal standings;
    /// Per home: its keys after the first, each with the boundary after which it signs.
    uint256[][HOMES] internal nextKeys;
    uint32[][HOMES] internal nextFroms;
    uint32 internal consents;

    function setUp() public virtual override {
        Street.setUp();
        _nameWatchers();
        AreaRules memory second = _rules(GRACE);
        (second.priceTick, second.watchers) = (10_000, _hashOf(watchers));
        second = _numbered(second);
        vm.prank(grid);
        escrow.openArea(second, watchers, operator);
        rulesOf[0] = rules;
        rulesOf[1] = second;
        for (uint256 i = 0; i < AREAS; ++i) {
            (grids[i], operators[i]) = (grid, operator);
        }
        for (uint256 i = 0; i < HOMES; ++i) {
            homes[i] = _home(i + 1);
            _takeSeat(i, i % 2, START);
        }
        vm.warp(START);
    }

    /// From here on everything is about this area.
    function _enter(uint256 which) internal {
        rules = rulesOf[which];
        (rulesHash, area) = (hashes.hash(rules), rules.area);
        (grid, operator) = (grids[which], operators[which]);
    }

    /// The home as one of its seats has it, with the key that signs last.
    function _homeAt(Place memory place) internal view returns (Home memory home) {
        home = homes[place.home];
        home.seat = place.seat;
        uint256 count = nextKeys[place.home].length;
        if (count != 0) home.meterKey = nextKeys[place.home][count - 1];
    }

    /// The price per kWh that lies inside every mandate.
    function _par(uint256 which) internal pure returns (int24) {
        return which == 0 ? int24(1000) : int24(10);
    }

    function _registersAt(uint32 time) internal pure returns (uint48) {
        return 1_000_000 + 100 * ((time + INTERVAL - START) / INTERVAL);
    }

    /// The first boundary after now and at `time` or later.
    function _boundaryAt(uint32 time) internal view returns (uint32) {
        uint32 next = uint32(block.timestamp) + 1 > time ? uint32(block.timestamp) + 1 : time;
        return (next + INTERVAL - 1) / INTERVAL * INTERVAL;
    }

    /// Opens a seat for the home's meter and has it confirmed. The one that it had in either area ends when this one begins.
    function _takeSeat(uint256 who, uint256 which, uint32 from) internal {
        _enter(which);
        Place memory place = Place(0, who, which);
        Home memory home = _homeAt(place);
        Mandate memory mandate = _mandate(home);
        mandate.version = escrow.seatView(escrow.seatOf(home.account, home.meter, area)).version + 1;
        (mandate.validFrom, mandate.sellFloor, mandate.buyCeiling) = (from, _par(which) / 2, 4 * _par(which));
        home.seat = place.seat = _openAt(home, mandate);
        for (uint256 i = 0; i < places.length; ++i) {
            if (places[i].home == who) _noteClosing(places[i].seat);
        }
        newest[who] = places.length;
        places.push(place);
        _note(terms[place.seat], Say(escrow.meterView(home.meter).begins, true, 0));
        _confirm(home, 10_000, from);
        _note(standings[place.seat], Say(_boundaryAt(from), true, 10_000));
    }

    /// The meter's registers at the last boundary are where the seat begins.
    function _openAt(Home memory home, Mandate memory mandate) private returns (uint64) {
        uint32 last = uint32(block.timestamp) / INTERVAL * INTERVAL;
        EpochStart memory epoch = _epoch(home, 1, last, _registersAt(last), _registersAt(last));
        ConsentTimes memory times = ConsentTimes(mandate.validFrom, uint32(block.timestamp) + 100 days + ++consents);
        bytes32 consent = hashes.hashConsent(home.meter, home.account, rulesHash, times);
        return escrow.openSeat(
            mandate,
            _sign(home.accountKey, hashes.hash(mandate)),
            times,
            _sign(home.meterKey, consent),
            epoch,
            _sign(home.meterKey, hashes.hash(epoch))
        );
    }

    /// What starts later gives way, as in the escrow.
    function _note(Say[] storage says, Say memory say) internal {
        while (says.length != 0 && says[says.length - 1].from >= say.from) says.pop();
        says.push(say);
    }

    function _noteClosing(uint64 seat) internal {
        uint32 closedFrom = escrow.seatView(seat).closedFrom;
        if (closedFrom != 0) _note(terms[seat], Say(closedFrom, false, 0));
    }

    function _at(Say[] storage says, uint32 time) private view returns (Say memory say) {
        for (uint256 i = 0; i < says.length && says[i].from <= time; ++i) {
            say = says[i];
        }
    }

    /// Whether the seat trades from this boundary on, and how much it sells per interval.
    function _tradesAt(uint64 seat, uint32 time) internal view returns (bool trades, uint24 mostWh) {
        Say memory standing = _at(standings[seat], time);
        return (standing.trades && _at(terms[seat], time).trades, standing.mostWh);
    }

    /// The first boundary after `start` at which anything changes in the area, or `end`.
    function _changeBetween(uint256 which, uint32 start, uint32 end) internal view returns (uint32) {
        for (uint256 i = 0; i < places.length; ++i) {
            if (places[i].area != which) continue;
            end = _firstAfter(terms[places[i].seat], start, end);
            end = _firstAfter(standings[places[i].seat], start, end);
        }
        return end;
    }

    function _firstAfter(Say[] storage says, uint32 start, uint32 end) private view returns (uint32) {
        for (uint256 i = 0; i < says.length; ++i) {
            if (says[i].from > start && says[i].from < end) end = says[i].from;
        }
        return end;
    }

    function _keyAt(Home memory home, uint32 time) internal view override returns (uint256 key) {
        for (uint256 i = 0; i < HOMES; ++i) {
            if (homes[i].meter != home.meter) continue;
            key = homes[i].meterKey;
            for (uint256 k = 0; k < nextFroms[i].length; ++k) {
                if (nextFroms[i][k] < time) key = nextKeys[i][k];
            }
        }
    }

    /// The seat's entries of a batch: one that only moves its base to the batch's start where it lies before, and its trade.
    function _entriesOf(Place memory place, uint32 start, uint32 end, Trade memory trade)
        internal
        view
        returns (bytes memory joined)
    {
        Home memory home = _homeAt(place);
        SeatView memory seat = escrow.seatView(place.seat);
        if (seat.time >= end) return "";
        if (seat.time < start) {
            uint32 gone = uint32(_registersAt(start) - _registersAt(seat.time));
            Trade memory idle = Trade(uint16((end - start) / INTERVAL), gone, gone, 0, 0, 0, 0);
            joined = _entry(home, end, idle);
            (seat.importWh, seat.exportWh, seat.time) = (seat.importWh + gone, seat.exportWh + gone, start);
        }
        uint32 grown = uint32(_registersAt(end) - _registersAt(seat.time));
        (trade.exportDelta, trade.importDelta) = (grown, grown);
        joined = abi.encodePacked(joined, _entryFrom(home, seat.epoch, seat.importWh, seat.exportWh, end, trade));
    }
}
