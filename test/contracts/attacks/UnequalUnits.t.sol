// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {WideToken} from "../Tokens.sol";
import {AreaRules, IAreas} from "../../../contracts/src/IAreas.sol";
import {MovePurse} from "../../../contracts/src/IPurses.sol";

/// Anybody may open areas, with ledger units of any size, and move a purse between them. What leaves the one must be worth what
/// arrives in the other, or each move takes a part of a unit out of everybody else's purses.
contract UnequalUnitsTest is Street {
    /// Two units of 2 tokens are asked for: one of 3.999999 tokens would arrive, and only one of 2 tokens would have left.
    function test_no_move_makes_money() public {
        _checkMove(6, [uint32(2_000_000_000), 3_999_999_000], 4_000_000, 2);
        _checkMove(18, [uint32(3), 5], 15e9, 4);
    }

    /// So units are powers of ten: of two, the smaller always divides the larger.
    function test_refuses_a_unit_that_is_no_power_of_ten() public {
        uint32[4] memory ticks = [uint32(2_000_000_000), 3_999_999_000, 3000, 50];
        for (uint256 i = 0; i < ticks.length; ++i) {
            AreaRules memory odd = _rules(2);
            odd.priceTick = ticks[i];
            odd = _numbered(odd);
            vm.prank(grid);
            vm.expectRevert(abi.encodeWithSelector(IAreas.UnitNotRepresentable.selector, ticks[i], 6));
            escrow.openArea(odd, _nobody(), operator);
        }
    }

    function testFuzz_a_move_takes_what_it_brings(
        uint8 decimals,
        uint8[2] memory powers,
        bool[2] memory odd,
        uint80 tokens,
        uint80 asked
    ) public {
        uint32[2] memory ticks;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 power = 10 ** (powers[i] % 10);
            ticks[i] = uint32(odd[i] ? power * (1 + powers[i] % 4) : power);
        }
        _checkMove(decimals % 19, ticks, tokens, asked);
    }

    /// Opens areas of these ticks, if they open, and moves a purse from the first to the second, if it moves: whatever happens,
    /// both purses together are worth what the escrow holds.
    function _checkMove(uint8 decimals, uint32[2] memory ticks, uint256 tokens, uint128 asked) private {
        WideToken wide = new WideToken();
        wide.setDecimals(decimals);
        vm.warp(START - INTERVAL + 10);
        escrow = _deploy(address(wide), DELAY);
        Home[2] memory homes;
        for (uint32 i = 0; i < 2; ++i) {
            AreaRules memory own = _rules(i);
            own.priceTick = ticks[i];
            own = _numbered(own);
            vm.prank(grid);
            try escrow.openArea(own, _nobody(), operator) {}
            catch {
                return;
            }
            homes[i] = _seatIn(own, i);
        }
        wide.mint(address(this), tokens);
        wide.approve(address(escrow), tokens);
        try escrow.deposit(homes[0].seat, tokens) {}
        catch {
            return;
        }
        MovePurse memory move = MovePurse(homes[0].account, homes[0].seat, homes[1].seat, asked, 0, NO_DEADLINE);
        escrow.requestMove(move, _sign(homes[0].accountKey, hashes.hash(move)));
        vm.warp(block.timestamp + DELAY);
        try escrow.claim(homes[0].seat) {} catch {}
        uint256 worth =
            (escrow.balanceOf(homes[0].seat) * uint256(ticks[0]) + escrow.balanceOf(homes[1].seat) * uint256(ticks[1]))
                * 10 ** uint256(decimals);
        vm.assertEq(worth / 1e9, wide.balanceOf(address(escrow)));
    }

    /// A seat of one and the same account, with a meter of its own.
    function _seatIn(AreaRules memory own, uint256 number) private returns (Home memory home) {
        (rules, rulesHash, area) = (own, hashes.hash(own), own.area);
        home = _home(1);
        Home memory other = _home(10 + number);
        (home.meter, home.meterKey) = (other.meter, other.meterKey);
        home.seat = _open(home, _mandate(home), START, _epoch(home));
    }
}
