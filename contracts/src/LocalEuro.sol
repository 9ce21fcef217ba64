// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// The token of development chains: six decimals, permit, minted at will by its deployer. It is worth nothing.
contract LocalEuro is ERC20, ERC20Permit {
    /// Only the deployer mints.
    error NotMinter(address caller);

    address public immutable minter = msg.sender;

    constructor() ERC20("Local Euro", "LEUR") ERC20Permit("Local Euro") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        if (msg.sender != minter) revert NotMinter(msg.sender);
        _mint(to, amount);
    }
}
